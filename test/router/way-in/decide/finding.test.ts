import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Sighting } from "../../../../src/sighting.ts";
import type { NodeId } from "../../../../src/model.ts";
import { toFinding } from "../../../../src/router/way-in/decide/finding.ts";
import { mayDecide, type Decision } from "../../../../src/router/way-in/decide/obstacle.ts";
import { ALICE } from "../../../support/fake-world.ts";

const NODES = ["node1", "node2", "node3"] as NodeId[];
const PATIENCE = { nowMs: 100_000, sinceMs: 90_000, startElsewhereAfterMs: 60_000 };
const PROCESS = { pid: 7, startTicks: 1, bootId: "boot" };

const anySighting = fc
  .record({
    node: fc.constantFrom(...NODES),
    ready: fc.boolean(),
    pending: fc.constantFrom<"spawn" | "stop" | undefined>("spawn", "stop", undefined),
    isOrphan: fc.boolean(),
    isNamed: fc.boolean(),
  })
  .map(({ pending, isOrphan, isNamed, ...seen }): Sighting => ({
    key: ALICE,
    evidence: isOrphan ? "process-list" : "hub-list",
    seenAtMs: 1,
    ...seen,
    ...(pending && { pending }),
    ...(isOrphan && { isOrphan: true }),
    ...(isNamed && { process: PROCESS }),
  }));
const anySightings = fc.uniqueArray(anySighting, { minLength: 1, selector: ({ node }) => node });
const anyDecision = fc.oneof(
  fc.constantFrom<Decision>({ kind: "elsewhere" }, { kind: "stop-lost" }, { kind: "keep-lost" }),
  fc.constantFrom(...NODES).map((node): Decision => ({ kind: "choose", node })),
);

function judge(sightings: readonly Sighting[]) {
  const [sighting, ...others] = sightings as [Sighting, ...Sighting[]];
  return toFinding({ kind: "found", sighting, others }, PATIENCE);
}

describe("of servers that were found", () => {
  it("only one that a hub lists, and that is the only one, is gone to", () => {
    fc.assert(
      fc.property(anySightings, (sightings) => {
        const finding = judge(sightings);
        const staying = sightings.filter(({ pending }) => pending !== "stop");
        expect(finding.kind === "there").toBe(staying.length === 1 && staying[0]?.isOrphan === undefined);
        if (finding.kind === "there") expect(finding.there.node).toBe(staying[0]?.node);
      }),
    );
  });

  it("none lets a new one be started", () => {
    fc.assert(
      fc.property(anySightings, (sightings) => {
        expect(judge(sightings).kind).not.toBe("none");
      }),
    );
  });

  it("no decision but the user's own choice among them is taken, and it leaves one that can be opened", () => {
    fc.assert(
      fc.property(anySightings, anyDecision, (sightings, decision) => {
        const finding = judge(sightings);
        const obstacle = finding.kind === "obstacle" ? finding.obstacle : undefined;
        if (!mayDecide(obstacle, decision)) return;
        expect(decision.kind).not.toBe("elsewhere");
        if (decision.kind !== "choose") return;
        expect(sightings.find(({ node }) => node === decision.node)?.isOrphan).toBeUndefined();
      }),
    );
  });
});

describe("of silent places", () => {
  it.each([
    ["before the wait is over", [{ reason: "", lastSeenMs: 50_000 }], false],
    ["after the wait", [{ reason: "", lastSeenMs: 40_000 }], true],
    ["when one is silent for a shorter time", [{ reason: "", lastSeenMs: 1 }, { reason: "" }], false],
  ])("%s the user may start elsewhere: %p", (_, silent, mayStartElsewhere) => {
    const finding = toFinding({ kind: "unknown", silent, supersedes: "claim" }, PATIENCE);
    const obstacle = { kind: "silent", silent, mayStartElsewhere } as const;
    expect(finding).toEqual({ kind: "obstacle", obstacle, supersedes: "claim" });
    expect(mayDecide(obstacle, { kind: "elsewhere" })).toBe(mayStartElsewhere);
    expect(mayDecide(obstacle, { kind: "stop-lost" })).toBe(false);
  });
});

it("leaves nothing to decide where nothing is in the way", () => {
  expect(mayDecide(undefined, { kind: "elsewhere" })).toBe(false);
  expect(toFinding({ kind: "none", supersedes: "claim" }, PATIENCE)).toEqual({
    kind: "none",
    supersedes: "claim",
  });
});
