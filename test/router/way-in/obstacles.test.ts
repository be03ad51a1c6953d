import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { Location, Sighting } from "../../../src/sighting.ts";
import { createEntryRig } from "../../support/entry-rig.ts";
import { ALICE, NODE1, NODE2 } from "../../support/fake-world.ts";
import { aRecord, BOOT } from "../../support/homes.ts";

const traveller = { user: ALICE.user, groups: ["lab"] };
const PROCESS = { pid: 1234, startTicks: 98_765, bootId: BOOT };

function at(node = NODE1, over: Partial<Sighting> = {}): Sighting {
  return { key: ALICE, node, evidence: "hub-list", ready: true, seenAtMs: 1_000_000, ...over };
}

const LOST = at(NODE1, {
  evidence: "process-list",
  ready: false,
  isOrphan: true,
  process: PROCESS,
  record: aRecord(),
});

function found(sighting: Sighting, ...others: Sighting[]): Location {
  return { kind: "found", sighting, others };
}

async function arriveAt(location: Location) {
  const rig = createEntryRig();
  rig.world.location = location;
  rig.entry.open(traveller, ALICE);
  await rig.clock.advance(0);
  return rig;
}

describe("a server that its hub has lost", () => {
  it("is neither started again nor stopped, until its owner decides", async () => {
    const { clock, entry, world } = await arriveAt(found(LOST));
    await clock.advance(60_000);
    expect(entry.find(ALICE)?.obstacle).toEqual({ kind: "lost", sighting: LOST });
    expect(new Set(world.did)).toEqual(new Set(["locate"]));
  });

  it("is stopped by its very process, and a new one replaces its claim", async () => {
    const { clock, entry, world, audit } = await arriveAt(found(LOST));
    expect(entry.decide(ALICE, { kind: "stop-lost" })).toBe(true);
    await clock.advance(10_000);
    expect(audit.acts).toEqual([{ audit: "stop", by: "alice", user: "alice", server: "", node: "node1" }]);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
    expect(world.did.slice(2)).toEqual([
      "end node1 alice/ 1234",
      "look node1",
      "gone node1 alice/",
      "locate",
      "place",
      "hub node1",
      "introduce node1 ticket-alice-node1-claim",
      "start node1 alice/",
      "follow node1",
      "grows node1 alice/",
    ]);
  });

  it("may have ended by itself meanwhile", async () => {
    const { clock, entry, world } = await arriveAt(found(LOST));
    world.lostServers.stop = () => {
      world.location = { kind: "none" };
      return Promise.reject(new AppError("NO_SUCH_SERVER", "it is not there"));
    };
    entry.decide(ALICE, { kind: "stop-lost" });
    await clock.advance(10_000);
    expect(entry.find(ALICE)?.outcome?.kind).toBe("arrived");
  });

  it("is kept for some hours, and that is known after the journey and to other routers", async () => {
    const { clock, entry, world, store, audit } = await arriveAt(found(LOST));
    expect(entry.decide(ALICE, { kind: "keep-lost" })).toBe(true);
    await clock.advance(0);
    expect(audit.acts).toMatchObject([{ audit: "keep", by: "alice", user: "alice", node: "node1" }]);
    const keptUntilMs = 1_000_000 + 8 * 3_600_000;
    expect(entry.find(ALICE)?.obstacle).toMatchObject({ kind: "lost", keptUntilMs });
    const other = createEntryRig({ clock, world, store, router: "router-b" });
    other.entry.open(traveller, ALICE);
    await clock.advance(0);
    expect(other.entry.find(ALICE)?.obstacle).toMatchObject({ keptUntilMs });
  });

  it("is not kept in another's place", async () => {
    const { clock, entry, world } = await arriveAt(found(LOST));
    entry.decide(ALICE, { kind: "keep-lost" });
    await clock.advance(0);
    world.location = found({ ...LOST, process: { ...PROCESS, startTicks: 1 } });
    await clock.advance(1000);
    expect(entry.find(ALICE)?.obstacle).not.toHaveProperty("keptUntilMs");
  });

  it("is not stopped where nobody says which process it is", async () => {
    const nameless = at(NODE1, { evidence: "process-list", ready: false, isOrphan: true });
    const { entry } = await arriveAt(found(nameless));
    expect(entry.decide(ALICE, { kind: "stop-lost" })).toBe(false);
    expect(entry.decide(ALICE, { kind: "keep-lost" })).toBe(true);
  });

  it("waits for the decision for a while only, and says so then", async () => {
    const { clock, entry } = await arriveAt(found(LOST));
    await clock.advance(601_000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "UNDECIDED" });
  });
});

it("carries out no decision about what is no longer in the way", async () => {
  const silent = [{ node: NODE1, reason: "no answer", lastSeenMs: 0 }];
  const { clock, entry, world } = await arriveAt({ kind: "unknown", silent });
  expect(entry.decide(ALICE, { kind: "elsewhere" })).toBe(true);
  world.location = found(LOST);
  await clock.advance(5000);
  expect(entry.find(ALICE)?.obstacle).toMatchObject({ kind: "lost" });
  expect(world.did).not.toContain("place");
});

describe("two servers of one name", () => {
  const TWO = found(at(NODE1), at(NODE2));

  it("are both left alone until their owner chooses", async () => {
    const { clock, entry, world } = await arriveAt(TWO);
    await clock.advance(60_000);
    expect(entry.find(ALICE)?.obstacle).toMatchObject({ kind: "several" });
    expect(new Set(world.did)).toEqual(new Set(["locate"]));
  });

  it("become one: the other is stopped by its hub", async () => {
    const { clock, entry, world } = await arriveAt(TWO);
    world.hubApi.stopServer = (node) => {
      world.did.push(`stop ${node}`);
      world.location = found(at(NODE2));
      return Promise.resolve();
    };
    expect(entry.decide(ALICE, { kind: "choose", node: NODE2 })).toBe(true);
    await clock.advance(1000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
    expect(world.did).toEqual([
      "locate",
      "locate",
      "stop node1",
      "look node1",
      "gone node1 alice/",
      "locate",
    ]);
  });

  it("wait while the other one is stopping", async () => {
    const { clock, entry } = await arriveAt(found(at(NODE1), at(NODE2, { pending: "stop" })));
    await clock.advance(0);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("become one where the other's hub is away, by waking that hub", async () => {
    const away = at(NODE1, { evidence: "process-list", ready: false, process: PROCESS });
    const { clock, entry, world } = await arriveAt(found(at(NODE2), away));
    entry.decide(ALICE, { kind: "choose", node: NODE2 });
    await clock.advance(2000);
    expect(world.did).toEqual(expect.arrayContaining(["hub node1", "stop node1 alice/"]));
  });

  it("become one where the other's hub has lost it, by that very process", async () => {
    const { clock, entry, world } = await arriveAt(found(at(NODE2), LOST));
    expect(entry.decide(ALICE, { kind: "choose", node: NODE1 })).toBe(false);
    expect(entry.decide(ALICE, { kind: "choose", node: NODE2 })).toBe(true);
    await clock.advance(0);
    expect(world.did).toContain("end node1 alice/ 1234");
  });
});

describe("a server whose hub is away", () => {
  const AWAY = at(NODE2, { evidence: "process-list", ready: false, process: PROCESS });

  it("is gone back to when its hub, woken, has kept it; nothing is started", async () => {
    const { clock, entry, world } = await arriveAt(found(AWAY));
    world.locator.lookAfresh = () => {
      world.servers.set("alice/", NODE2);
      return Promise.resolve();
    };
    await clock.advance(2000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
    expect(world.did).toEqual(["locate", "hub node2", "locate"]);
  });

  it("is lost when its hub, woken, does not know it: no second one is started behind it", async () => {
    const { clock, entry, world } = await arriveAt(found(AWAY));
    world.locator.lookAfresh = () => {
      world.location = found({ ...AWAY, isOrphan: true });
      return Promise.resolve();
    };
    await clock.advance(2000);
    expect(entry.find(ALICE)?.obstacle).toMatchObject({ kind: "lost" });
    expect(world.did.filter((did) => did.startsWith("start"))).toEqual([]);
  });

  it("is given up when the hub does not stay up", async () => {
    const { clock, entry } = await arriveAt(found(AWAY));
    await clock.advance(60_000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "HUB_NOT_HEALTHY" });
  });
});

describe("a claim", () => {
  it("of a node that its user gives up is replaced by the start elsewhere", async () => {
    const silent = [{ node: NODE2, reason: "no answer", lastSeenMs: 0 }];
    const { clock, entry, world } = await arriveAt({ kind: "unknown", silent, supersedes: "its-claim" });
    entry.decide(ALICE, { kind: "elsewhere" });
    await clock.advance(5000);
    expect(world.did).toContain("introduce node1 ticket-alice-node1-its-claim");
  });

  it("that another start made first is followed, not told as a failure", async () => {
    const rig = createEntryRig();
    rig.world.serverFailure = new AppError("CLAIMED_ELSEWHERE", "node1: node2 has it");
    rig.entry.open(traveller, ALICE);
    await rig.clock.advance(3000);
    rig.world.servers.set("alice/", NODE2);
    await rig.clock.advance(2000);
    expect(rig.entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
    expect(await rig.assignments.find(ALICE)).toBeUndefined();
  });

  it("is a failure only after some looks", async () => {
    const rig = createEntryRig();
    rig.world.serverFailure = new AppError("CLAIMED_ELSEWHERE", "node1: node2 has it");
    rig.entry.open(traveller, ALICE);
    await rig.clock.advance(60_000);
    expect(rig.entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "CLAIMED_ELSEWHERE" });
  });
});
