import { createAssignments } from "../../src/router/assignments.ts";
import type { Outcome } from "../../src/router/decide/journey.ts";
import { createEntry } from "../../src/router/entry.ts";
import type { Store } from "../../src/ports.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createFakeStore, createFakeWorld, type FakeWorld } from "./fake-world.ts";
import { createMemoryLog } from "./memory-log.ts";

const ENTRY_OPTIONS = {
  locateMs: 5000,
  lookAgainMs: 1000,
  patienceMs: 600_000,
  startElsewhereAfterMs: 60_000,
  hubStartMs: 60_000,
  serverStartMs: 120_000,
  freshMs: 5000,
  maxNodes: 2,
  avoidMs: 120_000,
  keepFailedMs: 60_000,
  keepArrivedMs: 30_000,
};

const ASSIGNMENT_OPTIONS = {
  startMs: 200_000,
  settledMs: 30_000,
  placementMs: 86_400_000,
};

/** The way in over a world in memory. Several routers may share one world, clock and store. */
export function createEntryRig({
  clock = createFakeClock(1_000_000),
  world = createFakeWorld(clock),
  store = createFakeStore(clock),
  router = "router-a",
}: {
  clock?: ReturnType<typeof createFakeClock>;
  world?: FakeWorld;
  store?: Store & { isDown: boolean; clear(): void };
  router?: string;
} = {}) {
  const log = createMemoryLog();
  const ended: Outcome[] = [];
  const assignments = createAssignments({ store, clock, log }, { ...ASSIGNMENT_OPTIONS, router });
  let count = 0;
  const random = { next: () => 0.5, token: () => `${router}-${(count += 1)}` };
  const meter = { ended: (outcome: Outcome) => void ended.push(outcome) };
  const entry = createEntry({ ...world, clock, random, log, meter, assignments }, ENTRY_OPTIONS);
  return { clock, world, store, log, ended, assignments, entry };
}
