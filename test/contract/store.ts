import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Store } from "../../src/ports.ts";

export interface StoreRig {
  readonly store: Store;
  /** Lets that much of the store's time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every store promises. */
export function itIsAStore(name: string, open: () => Promise<StoreRig>): void {
  describe(`${name} as a store`, () => {
    let rig: StoreRig;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.close());

    it("knows nothing at first", async () => {
      expect(await rig.store.get("a")).toBeUndefined();
    });

    it("gives back what was set last, byte for byte", async () => {
      const text = 'käthe "\u0000\u{1f600}"\n';
      await rig.store.set("user/ä b", "old", 60_000);
      await rig.store.set("user/ä b", text, 60_000);
      expect(await rig.store.get("user/ä b")).toBe(text);
      expect(await rig.store.get("user/ä")).toBeUndefined();
    });

    it("keeps the empty string", async () => {
      await rig.store.set("a", "", 60_000);
      expect(await rig.store.get("a")).toBe("");
      expect(await rig.store.setIfAbsent("a", "x", 60_000)).toBe(false);
    });

    it("forgets in time, and what is set anew starts anew", async () => {
      await rig.store.set("short", "1", 100);
      await rig.store.set("renewed", "1", 100);
      await rig.store.set("renewed", "2", 60_000);
      await rig.store.set("fraction", "1", 60_000.5);
      await rig.pass(150);
      expect(await rig.store.get("short")).toBeUndefined();
      expect(await rig.store.get("renewed")).toBe("2");
      expect(await rig.store.get("fraction")).toBe("1");
    });

    it("lets exactly one of many be first", async () => {
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, index) => rig.store.setIfAbsent("place", String(index), 60_000)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await rig.store.get("place")).toBe(String(won.indexOf(true)));
    });

    it("gives a place away again when it has expired or was given up", async () => {
      await rig.store.setIfAbsent("expired", "1", 100);
      await rig.store.setIfAbsent("given up", "1", 60_000);
      await rig.pass(150);
      await rig.store.delete("given up");
      expect(await rig.store.setIfAbsent("expired", "2", 60_000)).toBe(true);
      expect(await rig.store.setIfAbsent("given up", "2", 60_000)).toBe(true);
    });

    it("deletes what is not there without a word", async () => {
      await rig.store.delete("nothing");
    });
  });
}
