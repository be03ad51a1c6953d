import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../../../src/model.ts";
import { movable, outlookOf } from "../../../../src/router/servers/decide/move.ts";
import type { Sighting } from "../../../../src/sighting.ts";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";

const READY: Sighting = { key: ALICE, node: NODE1, evidence: "hub-list", ready: true, seenAtMs: 0 };

describe("which server can be moved", () => {
  it("is the one that simply runs", () => {
    const other = { ...READY, key: { ...ALICE, server: "gpu" as typeof ALICE.server } };
    expect(movable([other, READY], ALICE)).toBe(READY);
  });

  it.each<[string, readonly Sighting[]]>([
    ["not running", []],
    ["run on node1 and node2", [READY, { ...READY, node: NODE2 }]],
    ["has lost it", [{ ...READY, isOrphan: true }]],
    ["is starting", [{ ...READY, ready: false, pending: "spawn" }]],
    ["is stopping", [{ ...READY, pending: "stop" }]],
    ["is stopped", [{ ...READY, ready: false }]],
  ])("is none when it %s", (words, sightings) => {
    expect(movable(sightings, ALICE)).toMatchObject({
      kind: "refused",
      why: "not-now",
      words: expect.stringContaining(words),
    });
  });
});

const node = fc.option(
  fc.constantFrom("node1", "node2", "node3").map((name) => name as NodeId),
  { nil: undefined },
);

function table(chosen: NodeId | undefined) {
  return { verdicts: [], ...(chosen !== undefined && { node: chosen }) };
}

it("goes to the node that is chosen without the present one, and never back to it", () => {
  fc.assert(
    fc.property(node, node, (all, elsewhere) => {
      const outlook = outlookOf(READY, { all: table(all), elsewhere: table(elsewhere) });
      const isPossible = all !== NODE1 && elsewhere !== undefined && elsewhere !== NODE1;
      expect(outlook.kind === "possible").toBe(isPossible);
      if (outlook.kind === "possible") expect(outlook.target).toBe(elsewhere);
      else expect(outlook.why).toBe(all === NODE1 ? "best" : "nowhere");
    }),
  );
});
