import { expect, it } from "@jest/globals";
import type { HubView, NodeId } from "../../../src/model.ts";
import { nextHub } from "../../../src/nodes/cluster/decide/hub-state.ts";
import { createHubReports } from "../../../src/nodes/hubs/hub-reports.ts";
import { createHungHubs } from "../../../src/nodes/upkeep/hung-hubs.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryAudit } from "../../support/memory-audit.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { nodeView, snapshotOf } from "../../support/node-views.ts";

const ready: HubView = { state: "ready", detail: "", sinceMs: 0 };

/** The hub as it is known after a look that found it silent. */
async function silentHub(): Promise<HubView | undefined> {
  let hub: HubView | undefined = ready;
  const reports = createHubReports({ hub: (_, event) => (hub = nextHub(hub, event, 0)) });
  await reports.ofLook("node1" as NodeId, () => Promise.resolve("silent"));
  return hub;
}

/** Two nodes that are well; the hub of the first hangs. */
async function startRig({ hungAfterMs, isLeader = true }: { hungAfterMs?: number; isLeader?: boolean } = {}) {
  const clock = createFakeClock();
  const audit = createMemoryAudit();
  const log = createMemoryLog();
  const restarted: NodeId[] = [];
  const world = { isMended: true, hub: await silentHub() };
  const keeper = {
    restartHung(node: NodeId) {
      restarted.push(node);
      if (!world.isMended) return Promise.reject(new Error("the home does not answer"));
      world.hub = ready;
      return Promise.resolve();
    },
  };
  function snapshot() {
    const load = { takenAtMs: clock.now() };
    const { hub = ready } = world;
    return snapshotOf(nodeView("node1", { hub, load }), nodeView("node2", { hub: ready, load }));
  }
  const deps = { cluster: { snapshot }, keeper, isLeader: () => isLeader, audit, clock, log };
  const hung = createHungHubs(deps, { everyMs: 5000, hungAfterMs });
  await hung.start();
  return { clock, log, restarted, world, hung };
}

it("starts a hub anew that has not answered for long, once", async () => {
  const { clock, restarted, hung } = await startRig({ hungAfterMs: 60_000 });
  await clock.advance(55_000);
  expect(restarted).toEqual([]);
  await clock.advance(300_000);
  expect(restarted).toEqual(["node1"]);
  await hung.stop();
});

it("says that it could not, and waits twice as long before it tries again", async () => {
  const { clock, log, restarted, world, hung } = await startRig({ hungAfterMs: 60_000 });
  world.isMended = false;
  await clock.advance(65_000);
  expect(log.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
    "hub hangs: starting it anew",
    "hub that hangs was not started anew",
  ]);
  await clock.advance(115_000);
  expect(restarted).toHaveLength(1);
  await clock.advance(15_000);
  expect(restarted).toHaveLength(2);
  await hung.stop();
});

it.each([
  ["it is not asked for", {}],
  ["another router leads", { hungAfterMs: 60_000, isLeader: false }],
])("does nothing while %s", async (_, options) => {
  const { clock, restarted, hung } = await startRig(options);
  await clock.advance(600_000);
  expect(restarted).toEqual([]);
  await hung.stop();
});
