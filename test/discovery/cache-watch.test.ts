import { describe, expect, it } from "@jest/globals";
import { createCacheWatch } from "../../src/discovery/cache-watch.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeRandom } from "../support/fake-random.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { createMemoryStore } from "../support/memory-store.ts";

async function setUp() {
  const clock = createFakeClock(1_000_000);
  const store = createMemoryStore(clock);
  const log = createMemoryLog();
  const watch = createCacheWatch({ store, clock, log, random: createFakeRandom() }, { everyMs: 1000 });
  const state = { refills: 0, failure: undefined as Error | undefined };
  watch.onReturn(() => {
    state.refills += 1;
    return state.failure === undefined ? Promise.resolve() : Promise.reject(state.failure);
  });
  await watch.start();
  await clock.advance(0);
  return { clock, store, log, watch, state, words: () => log.lines.map(({ message }) => message) };
}

describe("the watch over the cache", () => {
  it("has the cache filled once when it is there", async () => {
    const { clock, watch, state, words } = await setUp();
    await clock.advance(10_000);
    expect(watch.isUp()).toBe(true);
    expect(state.refills).toBe(1);
    expect(words()).toEqual([]);
    await watch.stop();
  });

  it("says once that it is away and once that it is back, and has it filled again", async () => {
    const { clock, store, watch, state, words } = await setUp();
    store.setDown(true);
    await clock.advance(10_000);
    expect(watch.isUp()).toBe(false);
    expect(state.refills).toBe(1);
    store.setDown(false);
    await clock.advance(1000);
    expect(watch.isUp()).toBe(true);
    expect(state.refills).toBe(2);
    expect(words()).toEqual(["cache away: this router goes on alone", "cache answers again"]);
    await watch.stop();
  });

  it("notices that it was emptied although it always answered", async () => {
    const { clock, store, watch, state, words } = await setUp();
    store.wipe();
    await clock.advance(1000);
    expect(watch.isUp()).toBe(true);
    expect(state.refills).toBe(2);
    expect(words()).toEqual(["cache was emptied, and is filled again"]);
    await watch.stop();
  });

  it("has every router fill it, whoever notices first", async () => {
    const { clock, store, watch, state } = await setUp();
    const other = { clock, store, log: createMemoryLog(), random: { token: () => "other" } };
    const second = createCacheWatch(other, { everyMs: 1000 });
    let refills = 0;
    second.onReturn(() => Promise.resolve(void (refills += 1)));
    await second.start();
    await clock.advance(3000);
    store.wipe();
    await clock.advance(3000);
    expect([state.refills, refills]).toEqual([2, 2]);
    await Promise.all([watch.stop(), second.stop()]);
  });

  it("counts as away until it could be filled", async () => {
    const { clock, store, watch, state } = await setUp();
    state.failure = new Error("away again");
    store.wipe();
    await clock.advance(2000);
    expect(watch.isUp()).toBe(false);
    state.failure = undefined;
    await clock.advance(1000);
    expect(watch.isUp()).toBe(true);
    await watch.stop();
  });
});
