import { expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createHubRescue, type HubRescueDeps } from "../../../src/nodes/upkeep/hub-rescue.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const [NODE1, NODE2, IDLE] = ["node1", "node2", "node3"] as NodeId[] as [NodeId, NodeId, NodeId];

/** Servers run on two nodes; on the third only a hub. */
async function startRig() {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const gone = new Set<NodeId>();
  const started: NodeId[] = [];
  const hubs: HubRescueDeps["hubs"] = {
    look: (node) => Promise.resolve(gone.has(node) ? "absent" : "ready"),
    ensureReady(node) {
      started.push(node);
      gone.delete(node);
      return Promise.resolve();
    },
  };
  const rescue = createHubRescue({ hubs, inUse: () => [NODE1, NODE2], clock, log }, { everyMs: 1000 });
  await rescue.start();
  await clock.advance(0);
  return { clock, log, gone, started, hubs, rescue };
}

it("starts a hub that is gone under its users, once, and leaves the others alone", async () => {
  const { clock, gone, started, log, rescue } = await startRig();
  gone.add(NODE2).add(IDLE);
  await clock.advance(5000);
  expect(started).toEqual([NODE2]);
  expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  await rescue.stop();
});

it.each(["refuses", "stalls"])("is not held up by a node that %s", async (how) => {
  const { clock, gone, hubs, started, rescue } = await startRig();
  const look = hubs.look.bind(hubs);
  hubs.look = (node, signal) => {
    if (node !== NODE1) return look(node, signal);
    return how === "refuses" ? Promise.reject(new Error("no route")) : untilAborted(signal);
  };
  gone.add(NODE2);
  await clock.advance(2000);
  expect(started).toEqual([NODE2]);
  await rescue.stop();
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}
