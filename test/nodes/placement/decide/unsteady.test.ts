import { expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeView } from "../../../../src/model.ts";
import { choose, type PlacementPolicy } from "../../../../src/nodes/placement/decide/placement.ts";
import { anySnapshot, GIB, MIB, nodeView, serverKey, snapshotOf } from "../../../support/node-views.ts";

const POLICY: PlacementPolicy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: GIB,
};
const damping = {
  words: "went down 3 times in 2 min; takes new servers again in 7 min",
  downs: 3,
  untilMs: 1,
};

function place(...nodes: readonly NodeView[]) {
  return choose(snapshotOf(...nodes), { key: serverKey("alice") }, POLICY, 0);
}

it("leaves an unsteady node out, with the reason, while a steady one can take the server", () => {
  const busy = nodeView("node2", { load: { load1: 6, servers: 9 } });
  expect(place(nodeView("node1", { damping }), busy)).toMatchObject({
    kind: "placed",
    node: "node2",
    verdicts: [
      { node: "node2" },
      { node: "node1", accepted: false, reasons: [`unsteady: ${damping.words}`] },
    ],
  });
});

it("places on unsteady nodes when no other can take the server", () => {
  const full = nodeView("node2", { spec: { maxServers: 0 } });
  expect(place(nodeView("node1", { damping }), full)).toMatchObject({ kind: "placed", node: "node1" });
});

it("never leaves a user without a place for it", () => {
  fc.assert(
    fc.property(
      anySnapshot,
      fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
      (snapshot, isDamped) => {
        const nodes = snapshot.nodes.map((view, i) => (isDamped[i] === true ? { ...view, damping } : view));
        expect(place(...nodes).kind).toBe(place(...snapshot.nodes).kind);
      },
    ),
  );
});

it("leaves out a node that can run no hub", () => {
  const hub = { state: "incompatible", detail: "no working JupyterHub was found", sinceMs: 0 } as const;
  expect(place(nodeView("node1", { hub }))).toMatchObject({
    kind: "none",
    verdicts: [{ reasons: ["can run no hub: no working JupyterHub was found"] }],
  });
});
