import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import type { HubChange } from "../../../src/nodes/upkeep/decide/rollout.ts";
import type { HubEvent } from "../../../src/nodes/cluster/decide/hub-state.ts";
import { createHubGate } from "../../../src/nodes/hubs/hub-gate.ts";
import { createHubRollout } from "../../../src/nodes/upkeep/hub-rollout.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryAudit } from "../../support/memory-audit.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { nodeView, reservation, snapshotOf } from "../../support/node-views.ts";

const [LOBBY, NODE2, NODE3] = ["node1", "node2", "node3"] as NodeId[] as [NodeId, NodeId, NodeId];
const NEVER = new AbortController().signal;
const FRAGMENTS = { kind: "fragments", words: "hub.d has changed" };
const JUPYTERHUB = { kind: "jupyterhub", words: "JupyterHub 5 -> 6" };

/** Three hubs that run; which are behind, a test says. */
async function startRig({ isLeader = true, isAutomatic = true } = {}) {
  const clock = createFakeClock();
  const audit = createMemoryAudit();
  const log = createMemoryLog();
  const gate = createHubGate();
  const behind = new Map<NodeId, readonly HubChange[]>();
  const failures = new Map<NodeId, AppError>();
  const rolled: NodeId[] = [];
  const events: [NodeId, HubEvent["kind"]][] = [];
  const world = { reserved: [] as NodeId[], most: 0, now: 0 };
  const upgrade = {
    compare: (node: NodeId) => {
      const changes = behind.get(node) ?? [];
      return Promise.resolve({ isRunning: true, version: "5.5.4", wouldStart: "5.5.4", changes });
    },
    async roll(node: NodeId) {
      rolled.push(node);
      world.most = Math.max(world.most, (world.now += 1));
      await clock.sleep(3000, NEVER);
      world.now -= 1;
      const failure = failures.get(node);
      if (failure !== undefined) throw failure;
      behind.delete(node);
      return "5.5.4";
    },
  };
  function view(node: NodeId) {
    const reservations = world.reserved.includes(node) ? [reservation(node, "alice")] : [];
    return nodeView(node, { hub: { state: "ready", detail: "", sinceMs: 0 }, reservations });
  }
  const cluster = {
    snapshot: () => snapshotOf(view(LOBBY), view(NODE2), view(NODE3)),
    events: { hub: (node: NodeId, { kind }: HubEvent) => events.push([node, kind]) },
  };
  const deps = {
    upgrade,
    cluster,
    gate,
    suspect: () => undefined,
    lobbies: () => [LOBBY],
    audit,
    clock,
    log,
  };
  const options = { everyMs: 60_000, isAutomatic, pauseMs: 600_000, nodeMs: 20_000 };
  const rollout = createHubRollout({ ...deps, isLeader: () => isLeader }, options);
  await rollout.start();
  await clock.advance(0);
  return { clock, log, gate, behind, failures, rolled, events, world, rollout };
}

describe("what has changed in the configuration", () => {
  it("is taken up by one hub after the other, the lobby's last", async () => {
    const { clock, behind, rolled, events, world, rollout } = await startRig();
    for (const node of [LOBBY, NODE2, NODE3]) behind.set(node, [FRAGMENTS]);
    await clock.advance(80_000);
    expect(rolled).toEqual([NODE2, NODE3, LOBBY]);
    expect(world.most).toBe(1);
    expect(events.slice(0, 2)).toEqual([
      [NODE2, "starting"],
      [NODE2, "ready"],
    ]);
    await clock.advance(600_000);
    expect(rolled).toHaveLength(3);
    await rollout.stop();
  });

  it("waits while a server is being started there, or somebody needs the hub", async () => {
    const { clock, gate, behind, rolled, world, rollout } = await startRig();
    behind.set(NODE2, [FRAGMENTS]).set(NODE3, [FRAGMENTS]);
    world.reserved = [NODE2];
    const leave = await gate.enter(NODE3, NEVER);
    await clock.advance(80_000);
    expect(rolled).toEqual([]);
    world.reserved = [];
    leave();
    await clock.advance(60_000);
    expect(rolled).toEqual([NODE2, NODE3]);
    await rollout.stop();
  });

  it("goes no further than a hub that does not come up with it, and is tried again after a pause", async () => {
    const { clock, log, behind, failures, rolled, rollout } = await startRig();
    behind.set(NODE2, [FRAGMENTS]).set(NODE3, [FRAGMENTS]);
    failures.set(NODE2, new AppError("HUB_NOT_HEALTHY", "bad fragment"));
    await clock.advance(500_000);
    expect(rolled).toEqual([NODE2]);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    failures.clear();
    await clock.advance(240_000);
    expect(rolled).toEqual([NODE2, NODE2, NODE3]);
    await rollout.stop();
  });

  it("is left for the next round by a hub that has a start under way, without ado", async () => {
    const { clock, log, behind, failures, rolled, rollout } = await startRig();
    behind.set(NODE2, [FRAGMENTS]).set(NODE3, [FRAGMENTS]);
    failures.set(NODE2, new AppError("HUB_IN_USE", "not now"));
    await clock.advance(80_000);
    expect(rolled).toEqual([NODE2, NODE3]);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
    await rollout.stop();
  });
});

it.each([
  ["another JupyterHub", {}, [JUPYTERHUB, FRAGMENTS]],
  ["anything, if the site wants to say when", { isAutomatic: false }, [FRAGMENTS]],
  ["anything, while another router leads", { isLeader: false }, [FRAGMENTS]],
])("only tells of %s", async (_, options, changes) => {
  const { clock, behind, rolled, rollout } = await startRig(options);
  behind.set(NODE2, changes);
  await clock.advance(130_000);
  expect(rolled).toEqual([]);
  expect(rollout.warnings(NODE2)).toEqual([expect.stringContaining("multijhub upgrade node2")]);
  expect(rollout.warnings(NODE3)).toEqual([]);
  await rollout.stop();
});
