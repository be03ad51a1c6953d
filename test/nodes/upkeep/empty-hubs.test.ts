import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId, ServerKey } from "../../../src/model.ts";
import type { HubEvent } from "../../../src/nodes/cluster/decide/hub-state.ts";
import { createEmptyHubs } from "../../../src/nodes/upkeep/empty-hubs.ts";
import { createHubGate } from "../../../src/nodes/hubs/hub-gate.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryAudit } from "../../support/memory-audit.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { nodeView, reservation, serverKey, snapshotOf } from "../../support/node-views.ts";

const [NODE1, NODE2, LOBBY] = ["node1", "node2", "lobby"] as NodeId[] as [NodeId, NodeId, NodeId];
const NEVER = new AbortController().signal;

/** Three hubs that run; nobody uses them, unless a test says otherwise. */
function createRig({ isLeader = true, stopAfterMs }: { isLeader?: boolean; stopAfterMs?: number } = {}) {
  const clock = createFakeClock();
  const audit = createMemoryAudit();
  const log = createMemoryLog();
  const gate = createHubGate();
  const calls: [NodeId, string, object][] = [];
  const events: [NodeId, HubEvent][] = [];
  const suspected: NodeId[] = [];
  const running = new Set([NODE1, NODE2, LOBBY]);
  const world = { listed: [] as ServerKey[], isInUse: false, reserved: [] as NodeId[] };
  function view(node: NodeId) {
    const reservations = world.reserved.includes(node) ? [reservation(node, "alice")] : [];
    const state = running.has(node) ? "ready" : "absent";
    return nodeView(node, { hub: { state, detail: "", sinceMs: 0 }, reservations });
  }
  const deps = {
    agent: {
      async call(node: NodeId, verb: string, input: object) {
        calls.push([node, verb, input]);
        await clock.sleep(1000, NEVER);
        if (world.isInUse) throw new AppError("HUB_IN_USE", "the hub is used");
        return { changed: true };
      },
    },
    cluster: {
      snapshot: () => snapshotOf(view(NODE1), view(NODE2), view(LOBBY)),
      listed: (node: NodeId) => (node === NODE2 ? world.listed : []),
      events: {
        hub(node: NodeId, event: HubEvent) {
          events.push([node, event]);
          running.delete(node);
        },
      },
    },
    gate,
    suspect: (node: NodeId) => suspected.push(node),
    kept: () => [LOBBY],
    isLeader: () => isLeader,
    clock,
    audit,
    log,
  };
  const hubs = createEmptyHubs(deps, { everyMs: 5000, stopAfterMs, stopMs: 60_000 });
  return { audit, clock, log, gate, calls, events, suspected, world, hubs };
}

describe("by itself", () => {
  it("stops hub and proxy where nobody has had a server for long, and no hub that is kept", async () => {
    const { clock, calls, events, suspected, world, hubs } = createRig({ stopAfterMs: 60_000 });
    world.listed = [serverKey("alice")];
    await hubs.start();
    await clock.advance(59_000);
    expect(calls).toEqual([]);
    await clock.advance(10_000);
    expect(calls).toEqual([[NODE1, "stop-hub", { proxy: true, onlyIfEmpty: true }]]);
    expect(events).toEqual([[NODE1, { kind: "stopped" }]]);
    expect(suspected).toEqual([NODE1]);
    await clock.advance(600_000);
    expect(calls).toHaveLength(1);
    await hubs.stop();
  });

  it("counts anew from the moment on at which a server was there last", async () => {
    const { clock, calls, world, hubs } = createRig({ stopAfterMs: 60_000 });
    await hubs.start();
    await clock.advance(30_000);
    world.reserved = [NODE1, NODE2];
    await clock.advance(5000);
    world.reserved = [];
    await clock.advance(55_000);
    expect(calls).toEqual([]);
    await hubs.stop();
  });

  it("asks a node that knows of a server only after as long again", async () => {
    const { clock, calls, world, hubs } = createRig({ stopAfterMs: 60_000 });
    [world.isInUse, world.listed] = [true, [serverKey("alice")]];
    await hubs.start();
    await clock.advance(115_000);
    expect(calls).toHaveLength(1);
    await clock.advance(30_000);
    expect(calls).toHaveLength(2);
    await hubs.stop();
  });

  it.each([
    ["the site wants none stopped", {}],
    ["another router leads", { stopAfterMs: 60_000, isLeader: false }],
  ])("stops nothing while %s, and knows what is empty", async (_, options) => {
    const { clock, calls, hubs } = createRig(options);
    await hubs.start();
    await clock.advance(600_000);
    expect(calls).toEqual([]);
    expect(hubs.hubUse()).toEqual([
      { node: NODE1, isRunning: true, emptySinceMs: 0, isKept: false },
      { node: NODE2, isRunning: true, emptySinceMs: 0, isKept: false },
      { node: LOBBY, isRunning: true, emptySinceMs: 0, isKept: true },
    ]);
    await hubs.stop();
  });
});

describe("stopEmptyHub", () => {
  it("lets nobody in between deciding and the end of the hub", async () => {
    const { clock, gate, events, hubs } = createRig();
    const stop = hubs.stopEmptyHub(NODE1, NEVER);
    const seen: number[] = [];
    const entering = gate.enter(NODE1, NEVER).then(() => seen.push(events.length));
    await clock.advance(500);
    expect(seen).toEqual([]);
    await clock.advance(1000);
    await entering;
    expect(seen).toEqual([1]);
    expect(await stop).toEqual({ kind: "stopped" });
  });

  it.each<[string, Partial<ReturnType<typeof createRig>["world"]>, NodeId]>([
    ["a server is being started there", { reserved: [NODE1] }, NODE1],
    ["the hub is used", { isInUse: true }, NODE1],
    ["it is kept warm", {}, LOBBY],
  ])("leaves it, and says that %s", async (why, change, node) => {
    const { clock, events, world, hubs } = createRig();
    Object.assign(world, change);
    const stop = hubs.stopEmptyHub(node, NEVER);
    await clock.advance(2000);
    expect(await stop).toEqual({ kind: "kept", why });
    expect(events).toEqual([]);
  });

  it("leaves it while somebody waits for it", async () => {
    const { gate, calls, hubs } = createRig();
    const leave = await gate.enter(NODE1, NEVER);
    expect(await hubs.stopEmptyHub(NODE1, NEVER)).toMatchObject({ kind: "kept" });
    expect(calls).toEqual([]);
    leave();
  });
});
