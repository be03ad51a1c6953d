import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Store } from "../../src/cache-ports.ts";
import type { CacheRig } from "./cache.ts";

/** What every store promises. */
export function itIsAStore(name: string, open: () => Promise<CacheRig<Store>>): void {
  describe(`${name} as a store`, () => {
    let rig: CacheRig<Store>;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.close());

    it("knows nothing at first", async () => {
      expect(await rig.cache.get("a")).toBeUndefined();
    });

    it("gives back what was set last, byte for byte", async () => {
      const text = 'käthe "\u0000\u{1f600}"\n';
      await rig.cache.set("user/ä b", "old", 60_000);
      await rig.cache.set("user/ä b", text, 60_000);
      expect(await rig.cache.get("user/ä b")).toBe(text);
      expect(await rig.cache.get("user/ä")).toBeUndefined();
    });

    it("keeps the empty string", async () => {
      await rig.cache.set("a", "", 60_000);
      expect(await rig.cache.get("a")).toBe("");
      expect(await rig.cache.setIfAbsent("a", "x", 60_000)).toBe(false);
    });

    it("forgets in time, and what is set anew starts anew", async () => {
      await rig.cache.set("short", "1", 100);
      await rig.cache.set("renewed", "1", 100);
      await rig.cache.set("renewed", "2", 60_000);
      await rig.cache.set("fraction", "1", 60_000.5);
      await rig.pass(150);
      expect(await rig.cache.get("short")).toBeUndefined();
      expect(await rig.cache.get("renewed")).toBe("2");
      expect(await rig.cache.get("fraction")).toBe("1");
    });

    it("lets exactly one of many be first", async () => {
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, index) => rig.cache.setIfAbsent("place", String(index), 60_000)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await rig.cache.get("place")).toBe(String(won.indexOf(true)));
    });

    it("gives a place away again when it has expired or was given up", async () => {
      await rig.cache.setIfAbsent("expired", "1", 100);
      await rig.cache.setIfAbsent("given up", "1", 60_000);
      await rig.pass(150);
      await rig.cache.delete("given up");
      expect(await rig.cache.setIfAbsent("expired", "2", 60_000)).toBe(true);
      expect(await rig.cache.setIfAbsent("given up", "2", 60_000)).toBe(true);
    });

    it("deletes what is not there without a word", async () => {
      await rig.cache.delete("nothing");
    });
  });
}
