import { beforeEach, describe, expect, it } from "@jest/globals";
import { createMemoryStore } from "../../src/discovery/io/memory-store.ts";
import { createLastSeen } from "../../src/discovery/last-seen.ts";
import { createLocator } from "../../src/discovery/locate.ts";
import { createSurvey } from "../../src/discovery/survey.ts";
import { AppError } from "../../src/errors.ts";
import type { HomeReading } from "../../src/home-model.ts";
import type { HubServer, NodeId, ServerKey, UserName } from "../../src/model.ts";
import type { Store } from "../../src/cache-ports.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { aClaim, aHome, aRecord, BOOT } from "../support/homes.ts";
import { createMemoryLog } from "../support/memory-log.ts";

const [N1, N2, N3] = ["node1", "node2", "node3"] as [NodeId, NodeId, NodeId];
const ALICE = { user: "alice", server: "" } as ServerKey;
const BOB = { user: "bob", server: "" } as ServerKey;
const NEVER = new AbortController().signal;
const UIDS = new Map([
  ["alice", 2001],
  ["bob", 2002],
]);

interface FakeNode {
  hub: "ready" | "absent";
  servers: HubServer[];
  processes: object[];
  /** Answers after this long; never, if it is infinite. */
  delayMs: number;
  failure: AppError | undefined;
  asked: number;
}

function runs(key: ServerKey): HubServer {
  return { key, ready: true };
}

function processOf(key: ServerKey, node: NodeId, uid = UIDS.get(key.user)) {
  const identity = { pid: 1234, startTicks: 98_765 };
  return { user: key.user, uid, serverName: "", baseUrl: `/n/${node}/user/${key.user}/`, ...identity };
}

function createRig(store?: Store) {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const kept = store ?? createMemoryStore(clock);
  const world = new Map<NodeId, FakeNode>();
  const assigned = new Map<UserName, NodeId>();
  const suspected: NodeId[] = [];
  const homes = new Map<UserName, HomeReading>();
  const looksAtHomes: UserName[] = [];
  for (const node of [N1, N2, N3]) {
    world.set(node, { hub: "ready", servers: [], processes: [], delayMs: 0, failure: undefined, asked: 0 });
  }

  function at(id: NodeId): FakeNode {
    const node = world.get(id);
    if (node === undefined) throw new AppError("NODE_UNKNOWN", id);
    return node;
  }

  async function reach(id: NodeId, signal: AbortSignal): Promise<FakeNode> {
    const node = at(id);
    if (node.delayMs > 0) await clock.sleep(node.delayMs, signal);
    if (node.failure !== undefined) throw node.failure;
    return node;
  }

  /** A router on this world; a second one is the router after a restart. */
  function createRouter() {
    const lastSeen = createLastSeen({ store: kept, clock, log }, { keepMs: 7 * 24 * 3600_000 });
    const survey = createSurvey(
      {
        hubApi: {
          async listServers(id, signal) {
            at(id).asked += 1;
            return (await reach(id, signal)).servers;
          },
        },
        watch: {
          look: async (id, signal) => (await reach(id, signal)).hub,
          suspect: (id) => suspected.push(id),
        },
        agent: {
          call: async (id, _verb, _input, signal) => ({
            bootId: BOOT,
            servers: (await reach(id, signal)).processes,
          }),
        },
        nodes: () => [...world.keys()],
        onRound: lastSeen.record,
        clock,
        log,
      },
      { everyMs: 5000, nodeMs: 8000, fanOut: 16 },
    );
    const locator = createLocator(
      {
        survey,
        lastSeen,
        accounts: {
          async find(id, name, signal) {
            await reach(id, signal);
            const uid = UIDS.get(name);
            return uid === undefined ? undefined : { name, uid, gid: uid, home: `/home/${name}`, groups: [] };
          },
        },
        homes: {
          reading: (user) => homes.get(user),
          readings: () => homes,
          refresh: (user) => {
            looksAtHomes.push(user);
            return Promise.resolve(homes.get(user));
          },
        },
        assigned: (key) => Promise.resolve(assigned.get(key.user)),
        clock,
      },
      { freshMs: 2000, homeFreshMs: 1000, staleMs: 15_000, lookMs: 3000 },
    );
    return { survey, locator };
  }

  return { clock, log, at, assigned, homes, looksAtHomes, suspected, createRouter, world };
}

const DOWN = new AppError("NODE_UNREACHABLE", "no route to host");

let rig: ReturnType<typeof createRig>;
let router: ReturnType<ReturnType<typeof createRig>["createRouter"]>;

async function begin(store?: Store) {
  rig = createRig(store);
  router = rig.createRouter();
  await router.survey.start();
  await rig.clock.advance(0);
}

async function restart() {
  await router.survey.stop();
  router = rig.createRouter();
  await router.survey.start();
  await rig.clock.advance(0);
}

/** Locates, with all the time it takes. */
async function locate(key: ServerKey) {
  const location = router.locator.locate(key, NEVER);
  await rig.clock.advance(4000);
  return location;
}

beforeEach(() => begin());

describe("a server that runs", () => {
  it("is found from the survey, without asking again while that is fresh", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    const asked = rig.at(N2).asked;
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({
      kind: "found",
      sighting: { node: N2, ready: true, evidence: "hub-list", seenAtMs: 5000 },
    });
    expect(rig.at(N2).asked).toBe(asked);
  });

  it("is found at once where it was assigned, although it is newer than the survey", async () => {
    await rig.clock.advance(3000);
    rig.at(N3).servers = [runs(ALICE)];
    rig.at(N1).delayMs = 60_000;
    rig.assigned.set(ALICE.user, N3);
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({
      kind: "found",
      sighting: { node: N3 },
    });
  });

  it("is found anywhere, by asking everywhere", async () => {
    await rig.clock.advance(3000);
    rig.at(N3).servers = [runs(ALICE)];
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({
      kind: "found",
      sighting: { node: N3 },
    });
  });

  it("is found although another node takes its time", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    rig.at(N1).delayMs = 60_000;
    await rig.clock.advance(3000);
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({
      kind: "found",
      sighting: { node: N2 },
    });
  });

  it("is found by its process while its hub is away, and is not called ready", async () => {
    rig.at(N2).hub = "absent";
    rig.at(N2).processes = [processOf(ALICE, N2)];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toMatchObject({
      kind: "found",
      sighting: { node: N2, evidence: "process-list", ready: false },
    });
  });

  it("is not found where a process of somebody else says so", async () => {
    rig.at(N2).hub = "absent";
    rig.at(N2).processes = [processOf(ALICE, N2, UIDS.get("bob"))];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
  });

  it("twice is found with the other", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    rig.at(N3).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toMatchObject({ sighting: { node: N2 }, others: [{ node: N3 }] });
  });

  it("is one of all servers of its user", async () => {
    const big = { user: "alice", server: "big" } as ServerKey;
    rig.at(N2).servers = [runs(big), runs(BOB)];
    rig.at(N3).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    const location = await router.locator.locateAll(ALICE.user, NEVER);
    expect(location).toMatchObject({ sighting: { key: ALICE }, others: [{ key: big }] });
  });
});

describe("a server that does not run", () => {
  it("is nowhere when every node answered", async () => {
    expect(await router.locator.locate(ALICE, NEVER)).toEqual({ kind: "none" });
  });

  it("is nowhere once it has ended, although its node was where it was seen", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    rig.at(N2).servers = [];
    await rig.clock.advance(3000);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
    await rig.clock.advance(5000);
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(10_000);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
  });
});

describe("a dead node", () => {
  it("holds up its own users, by name and since when, and no others", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(10_000);
    expect(await locate(ALICE)).toEqual({
      kind: "unknown",
      silent: [{ node: N2, reason: "no route to host", lastSeenMs: 5000 }],
    });
    expect(await locate(BOB)).toEqual({ kind: "none" });
  });

  it("does so after a restart of the router too, as long as the store remembers", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    rig.at(N2).failure = DOWN;
    await restart();
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
    expect(await locate(BOB)).toEqual({ kind: "none" });
    await rig.clock.advance(60_000);
    await restart();
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
  });

  it("holds up everybody who is not found elsewhere when nothing is remembered of it", async () => {
    rig = createRig();
    rig.at(N2).failure = DOWN;
    rig.at(N1).servers = [runs(BOB)];
    router = rig.createRouter();
    await router.survey.start();
    await rig.clock.advance(0);
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
    expect(await locate(BOB)).toMatchObject({ kind: "found" });
  });

  it("holds up who was assigned to it before it answered", async () => {
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(5000);
    rig.assigned.set(ALICE.user, N2);
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
  });

  it("is told from the log once when it falls silent, and once when it is back", async () => {
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(20_000);
    rig.at(N2).failure = undefined;
    await rig.clock.advance(20_000);
    expect(rig.log.lines.map(({ message }) => message)).toEqual([
      "node does not answer the survey",
      "node answers the survey again",
    ]);
  });
});

describe("a hanging node", () => {
  it("costs no more than the deadline, and counts as silent when its answer is old", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    rig.at(N2).delayMs = Infinity;
    await rig.clock.advance(3000);
    const before = rig.clock.now();
    let tookMs: number | undefined;
    const location = router.locator.locate(ALICE, NEVER).finally(() => (tookMs = rig.clock.now() - before));
    await rig.clock.advance(10_000);
    expect(tookMs).toBe(3000);
    expect(await location).toMatchObject({ kind: "found", sighting: { seenAtMs: 5000 } });
    await rig.clock.advance(20_000);
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
  });

  it("delays nobody else's turn", async () => {
    rig.at(N1).delayMs = Infinity;
    const asked = rig.at(N2).asked;
    await rig.clock.advance(20_000);
    expect(rig.at(N2).asked - asked).toBeGreaterThanOrEqual(3);
  });
});

describe("the store", () => {
  it("may be away: what this router has seen itself still counts", async () => {
    function away(): Promise<never> {
      return Promise.reject(new AppError("STORE_UNAVAILABLE", "no Redis"));
    }
    await begin({ get: away, set: away, setIfAbsent: away, delete: away });
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toMatchObject({ kind: "found" });
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(10_000);
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown" });
    expect(await locate(BOB)).toEqual({ kind: "none" });
  });

  it("is written again after it lost everything", async () => {
    const values = createMemoryStore({ now: () => 0 });
    let generation = 0;
    function named(key: string): string {
      return `${generation}:${key}`;
    }
    await begin({
      get: (key) => values.get(named(key)),
      set: (key, value, ttlMs) => values.set(named(key), value, ttlMs),
      setIfAbsent: (key, value, ttlMs) => values.setIfAbsent(named(key), value, ttlMs),
      delete: (key) => values.delete(named(key)),
    });
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    generation += 1;
    await rig.clock.advance(5000);
    rig.at(N2).failure = DOWN;
    await restart();
    expect(await locate(ALICE)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
    expect(await locate(BOB)).toEqual({ kind: "none" });
  });
});

describe("the user's home", () => {
  it("is looked at before anybody is told that nothing runs, and not for a server that is found", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    await locate(ALICE);
    expect(rig.looksAtHomes).toEqual([]);
    await locate(BOB);
    expect(rig.looksAtHomes).toEqual([BOB.user]);
  });

  it("makes a server known that its hub has lost", async () => {
    rig.homes.set(ALICE.user, aHome({ records: [aRecord({ node: N2 })] }));
    rig.at(N2).processes = [processOf(ALICE, N2)];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toMatchObject({
      kind: "found",
      sighting: { node: N2, isOrphan: true, process: { pid: 1234, bootId: BOOT }, record: { pid: 1234 } },
    });
  });

  it("makes nobody else's process the user's", async () => {
    rig.homes.set(ALICE.user, aHome({ claims: [aClaim(N2)] }));
    rig.at(N2).processes = [processOf(ALICE, N2, UIDS.get("bob"))];
    await rig.clock.advance(5000);
    expect(await locate(ALICE)).toEqual({ kind: "none", supersedes: aClaim(N2).id });
  });

  it("lets a claim be replaced whose node shows neither hub's entry nor process", async () => {
    rig.homes.set(ALICE.user, aHome({ claims: [aClaim(N2)], records: [aRecord({ node: N2 })] }));
    expect(await locate(ALICE)).toEqual({ kind: "none", supersedes: aClaim(N2).id });
  });

  it("is not followed when it belongs to another account", async () => {
    const stolen = aHome({ ownerUid: 2002, claims: [aClaim(N2)] });
    rig.homes.set(ALICE.user, stolen);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
    rig.homes.set(ALICE.user, { ...stolen, ownerUid: 0 });
    expect(await locate(ALICE)).toEqual({ kind: "none" });
  });

  it("has the hub asked again after its node's processes, for a start in between", async () => {
    rig.homes.set(ALICE.user, aHome({ claims: [aClaim(N2)] }));
    await rig.clock.advance(5000);
    rig.at(N2).servers = [runs(ALICE)];
    rig.at(N2).processes = [processOf(ALICE, N2)];
    const location = await locate(ALICE);
    expect(location).toMatchObject({ kind: "found", sighting: { evidence: "hub-list" }, others: [] });
    expect(location).not.toHaveProperty("sighting.isOrphan");
  });

  it("spares the user a wait for a dead node that it does not name, unless the server was seen there last", async () => {
    for (const { user } of [ALICE, BOB])
      rig.homes.set(user, aHome({ ownerUid: user === BOB.user ? 2002 : 2001 }));
    rig.at(N2).servers = [runs(BOB)];
    await rig.clock.advance(5000);
    rig.at(N2).failure = DOWN;
    await rig.clock.advance(10_000);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
    expect(await locate(BOB)).toMatchObject({ kind: "unknown", silent: [{ node: N2 }] });
  });
});

describe("a server that one answer does not list", () => {
  it("is given up only when the node's processes do not show it either", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    rig.at(N2).processes = [processOf(ALICE, N2)];
    await rig.clock.advance(5000);
    rig.at(N2).servers = [];
    await rig.clock.advance(3000);
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({ sighting: { isOrphan: true } });
    await rig.clock.advance(20_000);
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({ sighting: { isOrphan: true } });
    rig.at(N2).processes = [];
    await rig.clock.advance(3000);
    expect(await locate(ALICE)).toEqual({ kind: "none" });
  });
});

describe("a look afresh", () => {
  it("shows at once that an owner's server has been stopped", async () => {
    rig.at(N2).servers = [runs(ALICE)];
    await rig.clock.advance(5000);
    expect(await router.locator.locate(ALICE, NEVER)).toMatchObject({ kind: "found" });
    rig.at(N2).servers = [];
    await router.locator.lookAfresh([N2], NEVER);
    expect(await router.locator.locate(ALICE, NEVER)).toEqual({ kind: "none" });
  });

  it("is not content with an answer to a question that was asked before", async () => {
    rig.at(N2).delayMs = 100;
    await rig.clock.advance(5000);
    const asked = rig.at(N2).asked;
    const looking = router.locator.lookAfresh([N2], NEVER);
    await rig.clock.advance(50);
    const later = router.locator.lookAfresh([N2], NEVER);
    await rig.clock.advance(1000);
    await Promise.all([looking, later]);
    expect(rig.at(N2).asked - asked).toBe(2);
  });
});

it("makes a hub suspect when its list fails", async () => {
  const node = rig.at(N2);
  await rig.clock.advance(1000);
  let looks = 0;
  Object.defineProperty(node, "failure", { get: () => (looks++ % 2 === 0 ? undefined : DOWN) });
  await rig.clock.advance(5000);
  expect(rig.suspected).toContain(N2);
});

it("ends with its caller's reason", async () => {
  rig.at(N1).delayMs = Infinity;
  await rig.clock.advance(3000);
  const caller = new AbortController();
  const outcome = expect(router.locator.locate(ALICE, caller.signal)).rejects.toBe("left");
  await rig.clock.advance(100);
  caller.abort("left");
  await outcome;
});

it("stops, and asks nothing more", async () => {
  await router.survey.stop();
  const asked = rig.at(N1).asked;
  await rig.clock.advance(60_000);
  expect(rig.at(N1).asked).toBe(asked);
});
