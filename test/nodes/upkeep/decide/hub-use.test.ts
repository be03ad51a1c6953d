import { expect, it } from "@jest/globals";
import fc from "fast-check";
import { warmNodes, whyInUse } from "../../../../src/nodes/upkeep/decide/hub-use.ts";
import { anySnapshot, nodeView, reservation } from "../../../support/node-views.ts";

it.each([
  [nodeView("node1"), 0, undefined],
  [nodeView("node1", { load: { servers: 1 } }), 0, "1 server runs there"],
  [nodeView("node1"), 2, "2 servers in its list"],
  [nodeView("node1"), undefined, "it does not say who uses it"],
  [
    nodeView("node1", { reservations: [reservation("node1", "alice")] }),
    0,
    "a server is being started there",
  ],
  [nodeView("node1", { spec: { places: "jobs" } }), 0, "nothing else tells where its jobs are"],
  [nodeView("node1", { state: "down" }), 0, "its node does not say how it is"],
])("says what keeps a hub from counting as unused", (view, listed, words) => {
  expect(whyInUse(view, listed)).toBe(words);
});

it("never takes a hub for unused that has, or may have, a server", () => {
  fc.assert(
    fc.property(anySnapshot, fc.option(fc.nat(3), { nil: undefined }), ({ nodes }, listed) => {
      for (const view of nodes) {
        const isEmpty = view.load?.servers === 0 && view.reservations.length === 0 && listed === 0;
        const mayStop = isEmpty && view.state === "up" && view.spec.places === undefined;
        expect(whyInUse(view, listed) === undefined).toBe(mayStop);
      }
    }),
  );
});

it.each([
  [[], []],
  [["node2"], ["node2"]],
  [["gpu"], ["node1", "node2"]],
  [1, ["node1"]],
  [2, ["node1", "node2"]],
  [9, ["node1", "node2"]],
])("keeps warm what is named, has the label, or is among the first so many: %j", (warm, expected) => {
  const labels = { spec: { labels: ["gpu"] } };
  const closed = { closure: { state: "draining", words: "x" } } as const;
  const nodes = [
    nodeView("node0", { ...labels, ...closed }),
    nodeView("node1", labels),
    nodeView("node2", labels),
  ];
  expect(warmNodes(nodes, warm)).toEqual(expected);
});

it("does not count nodes that are down among so many, and keeps at those that are named", () => {
  const nodes = [nodeView("node1", { state: "down" }), nodeView("node2")];
  expect(warmNodes(nodes, 1)).toEqual(["node2"]);
  expect(warmNodes(nodes, ["node1"])).toEqual(["node1"]);
});
