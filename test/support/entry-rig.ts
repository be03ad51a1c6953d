import { createAssignments } from "../../src/router/way-in/assignments.ts";
import type { Choice } from "../../src/router/way-in/decide/choice.ts";
import type { Outcome } from "../../src/router/way-in/decide/journey.ts";
import { createEntry } from "../../src/router/way-in/entry.ts";
import { createKeptServers } from "../../src/router/way-in/kept-servers.ts";
import { createMemberships } from "../../src/router/way-in/memberships.ts";
import { createRemedies } from "../../src/router/way-in/remedies.ts";
import { createSystemGroups } from "../../src/router/way-in/system-groups.ts";
import { createWishes } from "../../src/router/way-in/wishes.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createFakeDirectory, type FakeDirectory } from "./fake-directory.ts";
import { createFakeWorld, type FakeWorld } from "./fake-world.ts";
import { createMemoryAudit } from "./memory-audit.ts";
import { createMemoryLog } from "./memory-log.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";

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
  store = createMemoryStore(clock),
  router = "router-a",
  choices = [],
  directory = createFakeDirectory(),
}: {
  clock?: ReturnType<typeof createFakeClock>;
  world?: FakeWorld;
  store?: MemoryStore;
  router?: string;
  choices?: readonly Choice[];
  directory?: FakeDirectory;
} = {}) {
  const audit = createMemoryAudit();
  const log = createMemoryLog();
  const ended: Outcome[] = [];
  const assignments = createAssignments(
    { store, isNode: () => true, clock, log },
    { ...ASSIGNMENT_OPTIONS, router },
  );
  let count = 0;
  const random = { next: () => 0.5, token: () => `${router}-${(count += 1)}` };
  const meter = { ended: (outcome: Outcome) => void ended.push(outcome) };
  const keptServers = createKeptServers({ store, audit, clock, log }, { keepMs: 8 * 3_600_000 });
  const remedies = createRemedies({ ...world, keptServers, audit, clock }, { stopMs: 90_000 });
  const groups = { ml: { labels: ["ml"] } };
  const systemGroups = createSystemGroups(
    { directory, store, clock, log },
    { deadlineMs: 2000, freshMs: 60_000, keepMs: 86_400_000, ofUse: ["ml"] },
  );
  const memberships = createMemberships(systemGroups, { groups, heedsSignIn: true });
  const wishes = createWishes(
    { store, placer: world.placer, memberships, clock, log },
    { choices, patienceMs: 600_000, lookAgainMs: 5000 },
  );
  const parts = { ...world, clock, random, log, meter, assignments, remedies, wishes };
  const entry = createEntry(parts, ENTRY_OPTIONS);
  return { remedies, audit, clock, world, store, log, ended, assignments, entry };
}
