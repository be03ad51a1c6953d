import { describe, expect, it } from "@jest/globals";
import type { Gpu, NodeView } from "../../../../src/model.ts";
import { freeGpus, grantGpus } from "../../../../src/nodes/placement/decide/gpus.ts";
import { choose, type PlacementPolicy } from "../../../../src/nodes/placement/decide/placement.ts";
import { GIB, MIB, nodeView, reservation, serverKey, snapshotOf } from "../../../support/node-views.ts";

const assigned: PlacementPolicy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
  gpus: "assigned",
};
const shared: PlacementPolicy = { ...assigned, gpus: "shared" };
const carol = { key: serverKey("carol"), gpus: 1 };

function gpu(index: number, holders: readonly string[] = [], usedGib = 0): Gpu {
  return {
    kind: "nvidia",
    id: `GPU-${index}`,
    index,
    name: "NVIDIA A100",
    memoryTotalBytes: 40 * GIB,
    memoryUsedBytes: usedGib * GIB,
    holders: holders.map((user) => ({ ...serverKey(user), uid: 2001 })),
  };
}

function node(id: string, ...gpus: readonly Gpu[]): NodeView {
  return nodeView(id, { load: { gpus } });
}

function reasons(view: NodeView, policy = assigned): readonly string[] {
  return choose(snapshotOf(view), carol, policy, 0).verdicts[0]?.reasons ?? [];
}

describe("devices that are given out", () => {
  it("go to one server each: not those that run with them, nor those that are about to", () => {
    const view = nodeView("a", {
      load: { gpus: [gpu(0, ["alice"]), gpu(1), gpu(2)] },
      reservations: [reservation("a", "bob", { gpus: ["GPU-1"] })],
    });
    expect(grantGpus(view, { ...carol, gpus: 1 })).toEqual({ kind: "nvidia", ids: ["GPU-2"] });
    expect(grantGpus(view, { ...carol, gpus: 2 })).toBeUndefined();
    expect(grantGpus(view, { ...carol, gpus: 0 })).toEqual({ kind: "nvidia", ids: [] });
  });

  it("stay with the server that has them; a stranger who says so as well does not share them", () => {
    expect(freeGpus(node("a", gpu(0, ["carol"])), carol.key)).toHaveLength(1);
    expect(freeGpus(node("a", gpu(0, ["carol", "bob"])), carol.key)).toHaveLength(0);
  });

  it("are taken by those with most free memory first, in the order of their numbers", () => {
    const view = node("a", gpu(0, [], 30), gpu(1), gpu(2));
    expect(grantGpus(view, { ...carol, gpus: 2 })?.ids).toEqual(["GPU-1", "GPU-2"]);
  });

  it("are no node's that never had any", () => {
    expect(grantGpus(nodeView("a"), { key: carol.key })).toBeUndefined();
  });
});

describe("a server that wants a GPU", () => {
  it.each<[string, NodeView, PlacementPolicy, string]>([
    ["no GPU", nodeView("a"), assigned, "has no GPU"],
    [
      "none free",
      node("a", gpu(0, ["alice"]), gpu(1, ["bob"])),
      assigned,
      "its GPUs are taken: 0 of 2 free, it takes 1",
    ],
    ["one free", node("a", gpu(0, ["alice"]), gpu(1)), assigned, "1 of 2 GPUs free, 1 for it alone"],
    ["shared", node("a", gpu(0, ["alice"])), shared, "1 GPU, shared by all servers there"],
  ])("is told of a node with %s", (_name, view, policy, expected) => {
    expect(reasons(view, policy)).toContain(expected);
  });

  it("is told that a node has too few at all", () => {
    const { verdicts } = choose(snapshotOf(node("a", gpu(0))), { ...carol, gpus: 2 }, assigned, 0);
    expect(verdicts[0]?.reasons).toEqual(["has 1 GPU, it takes 2"]);
  });

  it("goes where most of them are free, though there is less memory", () => {
    const busy = node("a", gpu(0), gpu(1, ["alice"]));
    const idle = nodeView("b", { load: { gpus: [gpu(0), gpu(1)], memoryAvailableBytes: 25 * GIB } });
    const placement = choose(snapshotOf(busy, idle), carol, assigned, 0);
    expect(placement).toMatchObject({ kind: "placed", node: "b" });
    expect(placement.verdicts[0]?.reasons[0]).toContain("going by its GPUs");
  });

  it("goes where they are used least, if they are shared", () => {
    const busy = node("a", gpu(0, [], 30));
    expect(choose(snapshotOf(busy, node("b", gpu(0, [], 2))), carol, shared, 0)).toMatchObject({ node: "b" });
  });
});
