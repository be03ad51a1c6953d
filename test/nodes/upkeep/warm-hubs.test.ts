import { describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createWarmHubs } from "../../../src/nodes/upkeep/warm-hubs.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const NODE1 = "node1" as NodeId;
const NODE2 = "node2" as NodeId;

function createRig() {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const asked: NodeId[] = [];
  const down = new Set<NodeId>();
  let nodes: readonly NodeId[] = [NODE1, NODE2];
  const keeper = {
    ensureReady: (node: NodeId) => {
      asked.push(node);
      return down.has(node) ? Promise.reject(new Error("no route")) : Promise.resolve();
    },
  };
  const warm = createWarmHubs({ keeper, nodes: () => nodes, clock, log }, { everyMs: 1000 });
  function setNodes(now: readonly NodeId[]): void {
    nodes = now;
  }
  return { clock, log, asked, down, warm, setNodes };
}

describe("createWarmHubs", () => {
  it("starts the hubs at once, one that fails without the others, and tries again", async () => {
    const { clock, down, warm } = createRig();
    down.add(NODE2);
    await warm.start();
    await clock.advance(0);
    expect([warm.isReady(NODE1), warm.isReady(NODE2)]).toEqual([true, false]);
    down.clear();
    await clock.advance(1000);
    expect(warm.isReady(NODE2)).toBe(true);
    await warm.stop();
  });

  it("says once that a hub is gone", async () => {
    const { clock, down, warm, log } = createRig();
    await warm.start();
    await clock.advance(0);
    down.add(NODE1);
    await clock.advance(5000);
    expect(warm.isReady(NODE1)).toBe(false);
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    await warm.stop();
  });

  it("leaves alone what is no longer wanted", async () => {
    const { clock, asked, warm, setNodes } = createRig();
    await warm.start();
    await clock.advance(0);
    setNodes([NODE1]);
    await clock.advance(1000);
    expect(asked).toEqual([NODE1, NODE2, NODE1]);
    expect(warm.isReady(NODE2)).toBe(false);
    await warm.stop();
  });
});
