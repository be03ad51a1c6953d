import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Leases } from "../../src/cache-ports.ts";
import type { CacheRig } from "./cache.ts";

/** What every keeper of leases promises. */
export function itGivesLeases(name: string, open: () => Promise<CacheRig<Leases>>): void {
  describe(`${name} as a keeper of leases`, () => {
    let rig: CacheRig<Leases>;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.close());

    /** The fencing number of a lease that must be free. */
    async function take(lease: string, holder: string, ttlMs = 60_000): Promise<number> {
      const token = await rig.cache.acquire(lease, holder, ttlMs);
      if (token === undefined) throw new Error(`${lease} is not free`);
      return token;
    }

    it("gives a lease to exactly one of many, and each name on its own", async () => {
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, index) => rig.cache.acquire("loops", `router-${index}`, 60_000)),
      );
      expect(tokens.filter((token) => token !== undefined)).toHaveLength(1);
      expect(await rig.cache.acquire("other", "router-x", 60_000)).toBeDefined();
    });

    it("gives a greater number every time, whole and exact", async () => {
      const numbers: number[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        const token = await take("loops", `router-${turn}`);
        numbers.push(token);
        await rig.cache.release("loops", token);
      }
      expect(numbers.every(Number.isSafeInteger)).toBe(true);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    });

    it("lets its holder go on for as long as it renews in time", async () => {
      const token = await take("loops", "router-a", 200);
      for (let turn = 0; turn < 3; turn += 1) {
        await rig.pass(100);
        expect(await rig.cache.renew("loops", token, 200)).toBe(true);
      }
      expect(await rig.cache.acquire("loops", "router-b", 200)).toBeUndefined();
    });

    it("is over in time: the next gets it, and the former can neither renew nor release it", async () => {
      const former = await take("loops", "router-a", 100);
      await rig.pass(150);
      expect(await rig.cache.renew("loops", former, 60_000)).toBe(false);
      const next = await take("loops", "router-b");
      expect(next).toBeGreaterThan(former);
      expect(await rig.cache.renew("loops", former, 60_000)).toBe(false);
      await rig.cache.release("loops", former);
      expect(await rig.cache.renew("loops", next, 60_000)).toBe(true);
    });

    it("is free as soon as it is released, and not renewed after that", async () => {
      const token = await take("loops", "router-a");
      await rig.cache.release("loops", token);
      expect(await rig.cache.renew("loops", token, 60_000)).toBe(false);
      await take("loops", "router-b");
    });

    it("gives who has it already, and does not know, a new number; the old one is void", async () => {
      const lost = await take("loops", "router-a");
      const token = await take("loops", "router-a");
      expect(token).toBeGreaterThan(lost);
      expect(await rig.cache.renew("loops", lost, 60_000)).toBe(false);
      expect(await rig.cache.renew("loops", token, 60_000)).toBe(true);
    });

    it("releases what nobody holds without a word", async () => {
      await rig.cache.release("loops", 1);
      expect(await rig.cache.renew("loops", 1, 60_000)).toBe(false);
    });
  });
}
