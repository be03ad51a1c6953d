import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createLeadership } from "../../src/discovery/leadership.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const TTL_MS = 15_000;

function setUp() {
  const clock = createFakeClock(1_000_000);
  const store = createMemoryStore(clock);
  const log = createMemoryLog();
  function router(holder: string, leases = store as Parameters<typeof createLeadership>[0]["leases"]) {
    return createLeadership({ leases, clock, log }, { name: "loops", holder, ttlMs: TTL_MS });
  }
  function words(): string[] {
    return log.lines.filter(({ level }) => level !== "debug").map(({ message }) => message);
  }
  return { clock, store, router, words };
}

describe("leadership", () => {
  it("is one router's for as long as it runs, and the next one's when it stops", async () => {
    const { clock, router } = setUp();
    const [a, b] = [router("a"), router("b")];
    await a.start();
    await clock.advance(1);
    await b.start();
    await clock.advance(10 * TTL_MS);
    const former = a.hold();
    expect(former).toBeDefined();
    expect(b.hold()).toBeUndefined();
    await a.stop();
    expect(a.hold()).toBeUndefined();
    expect(former?.lost.aborted).toBe(true);
    await clock.advance(TTL_MS / 3);
    expect(b.hold()?.token).toBeGreaterThan(former?.token ?? Infinity);
    await b.stop();
  });

  it("ends with its time while the cache is away, and says so", async () => {
    const { clock, store, router, words } = setUp();
    const leader = router("a");
    await leader.start();
    await clock.advance(1000);
    const hold = leader.hold();
    store.setDown(true);
    await clock.advance(TTL_MS - 1001);
    expect(leader.hold()).toBeDefined();
    await clock.advance(1);
    expect(hold?.lost.reason).toMatchObject({ code: "LEASE_LOST" });
    expect(leader.hold()).toBeUndefined();
    expect(words()).toEqual(["lease taken", "lease lost"]);
    store.setDown(false);
    await clock.advance(TTL_MS);
    expect(leader.hold()?.token).toBeGreaterThan(hold?.token ?? Infinity);
    await leader.stop();
  });

  it("ends at the next renewal when the cache was emptied, and is greater by the next number", async () => {
    const { clock, store, router } = setUp();
    const leader = router("a");
    await leader.start();
    await clock.advance(1000);
    const hold = leader.hold();
    store.wipe();
    await clock.advance(TTL_MS);
    expect(hold?.lost.aborted).toBe(true);
    expect(leader.hold()?.token).toBeGreaterThan(hold?.token ?? Infinity);
    await leader.stop();
  });

  it("is confirmed by the cache at the moment of acting, and by nothing else", async () => {
    const { clock, store, router } = setUp();
    const leader = router("a");
    await leader.start();
    await clock.advance(1000);
    const hold = leader.hold();
    expect(await hold?.confirm()).toBe(true);
    store.setDown(true);
    expect(await hold?.confirm()).toBe(false);
    expect(hold?.lost.aborted).toBe(false);
    store.setDown(false);
    expect(await hold?.confirm()).toBe(true);
    store.wipe();
    await store.acquire("loops", "b", TTL_MS);
    expect(await hold?.confirm()).toBe(false);
    expect(hold?.lost.aborted).toBe(true);
    await leader.stop();
    expect(await hold?.confirm()).toBe(false);
  });

  it("counts from before the question: a slow answer makes it no longer", async () => {
    const { clock, store, router } = setUp();
    let delayMs = 0;
    const slow = {
      ...store,
      renew: async (...args: Parameters<typeof store.renew>) => {
        const answer = await store.renew(...args);
        await clock.sleep(delayMs, new AbortController().signal);
        return answer;
      },
    };
    const leader = router("a", slow);
    await leader.start();
    await clock.advance(1000);
    delayMs = 2 * TTL_MS;
    await clock.advance(TTL_MS);
    expect(leader.hold()).toBeUndefined();
    delayMs = 0;
    await clock.advance(2 * TTL_MS);
    await leader.stop();
  });

  it("is never two routers' at once, whatever is lost in between", async () => {
    const event = fc.record({
      what: fc.constantFrom("down", "up", "pass", "stop 0", "stop 1", "stop 2"),
      ms: fc.integer({ min: 0, max: 2 * TTL_MS }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
        const { clock, store, router } = setUp();
        const routers = ["a", "b", "c"].map((holder) => router(holder));
        for (const one of routers) await one.start();
        const tokens: number[] = [];
        for (const { what, ms } of events) {
          if (what === "down" || what === "up") store.setDown(what === "down");
          if (what.startsWith("stop")) await routers[Number(what.slice(5))]?.stop();
          await clock.advance(ms);
          const holds = routers.flatMap((one) => one.hold() ?? []);
          expect(holds.length).toBeLessThanOrEqual(1);
          tokens.push(...holds.map(({ token }) => token));
        }
        expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
        await Promise.all(routers.map((one) => one.stop()));
      }),
      { numRuns: 50 },
    );
  });
});
