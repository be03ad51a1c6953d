import { describe, expect, it } from "@jest/globals";
import { keyText, type ServerName } from "../../src/model.ts";
import { createKeeps } from "../../src/rebalancing/keeps.ts";
import { createShelf } from "../../src/rebalancing/shelf.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { ALICE } from "../support/fake-world.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { memoryFiles } from "../support/rebalance-rig.ts";

const HOUR = 3_600_000;
const KEYS = [new Uint8Array(32)];

function setUp() {
  const clock = createFakeClock();
  const files = memoryFiles();
  const store = createMemoryStore(clock);
  const shelf = createShelf({ files, store, keys: () => KEYS, clock }, { keepMs: 24 * HOUR });
  const keeps = createKeeps({ shelf, clock }, { keepForMs: 8 * HOUR });
  return { clock, files, keeps };
}

function named(server: string) {
  return { ...ALICE, server: server as ServerName };
}

describe("what owners keep", () => {
  it("is kept for its time, anew with each wish", async () => {
    const { clock, keeps } = setUp();
    await keeps.keep(ALICE);
    await clock.advance(6 * HOUR);
    const untilMs = await keeps.keep(ALICE);
    expect(untilMs).toBe(clock.now() + 8 * HOUR);
    expect(await keeps.of([ALICE.user])).toEqual(new Map([[keyText(ALICE), untilMs]]));
    await clock.advance(8 * HOUR);
    expect(await keeps.of([ALICE.user])).toEqual(new Map());
  });

  it("is bounded, however many servers somebody makes up", async () => {
    const { files, keeps } = setUp();
    for (let i = 0; i < 150; i++) await keeps.keep(named(`${i}-${"x".repeat(240)}`));
    await keeps.keep(ALICE);
    const kept = await keeps.of([ALICE.user]);
    expect(kept.size).toBe(100);
    expect(kept.has(keyText(ALICE))).toBe(true);
    expect([...files.texts.values()].join("").length).toBeLessThan(40_000);
  });
});
