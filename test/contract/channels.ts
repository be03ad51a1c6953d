import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Channels } from "../../src/cache-ports.ts";
import type { CacheRig } from "./cache.ts";

/** What all channels promise. */
export function itHasChannels(name: string, open: () => Promise<CacheRig<Channels>>): void {
  describe(`${name} as channels`, () => {
    let rig: CacheRig<Channels>;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.close());

    /** Publishes until it has come through. */
    async function untilHeard(channel: string, text: string): Promise<void> {
      let isHeard = false;
      const end = rig.cache.subscribe(channel, (heard) => {
        isHeard ||= heard === text;
      });
      for (let tries = 0; tries < 100 && !isHeard; tries += 1) {
        await rig.cache.publish(channel, text);
        await rig.pass(20);
      }
      end();
      expect(isHeard).toBe(true);
    }

    it("brings a text to every listener of its channel, once, byte for byte", async () => {
      const heard: string[] = [];
      const others: string[] = [];
      rig.cache.subscribe("news", (text) => heard.push(`1 ${text}`));
      rig.cache.subscribe("news", (text) => heard.push(`2 ${text}`));
      rig.cache.subscribe("other news", (text) => others.push(text));
      await untilHeard("news", "warm-up");
      await untilHeard("other news", "warm-up");
      const text = 'käthe "\u0000\u{1f600}"\n';
      await rig.cache.publish("news", text);
      await rig.cache.publish("news", "");
      const expected = [`1 ${text}`, `2 ${text}`, "1 ", "2 "];
      for (let tries = 0; tries < 100 && !expected.every((line) => heard.includes(line)); tries += 1)
        await rig.pass(20);
      const news = heard.filter((line) => !line.endsWith("warm-up"));
      expect(news.toSorted()).toEqual(expected.toSorted());
      expect(others.filter((line) => line !== "warm-up")).toEqual([]);
    });

    it("brings nothing any more to who has ended listening", async () => {
      const heard: string[] = [];
      const end = rig.cache.subscribe("news", (text) => heard.push(text));
      await untilHeard("news", "before");
      const count = heard.length;
      end();
      await untilHeard("news", "after");
      expect(heard.slice(count)).not.toContain("after");
    });

    it("publishes to nobody without a word", async () => {
      await rig.cache.publish("nobody listens", "x");
    });
  });
}
