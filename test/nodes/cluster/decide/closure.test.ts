import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { MaintenanceSpan, NodeOrder } from "../../../../src/model.ts";
import { closureOf, type ClosureCauses } from "../../../../src/nodes/cluster/decide/closure.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const SIX = NOON + 6 * 3_600_000;
const asked = { by: "alice", atMs: NOON };

describe("what is said of a closed node", () => {
  it.each<[string, NodeOrder | undefined, boolean, boolean]>([
    ["cordoned by alice", { kind: "cordon", ...asked }, false, false],
    [
      "cordoned by alice until 18:00 UTC: kernel update",
      { kind: "cordon", ...asked, untilMs: SIX, reason: "kernel update" },
      false,
      true,
    ],
    ["draining, asked by alice", { kind: "drain", ...asked }, false, false],
    [
      "draining, asked by alice, to be empty by 18:00 UTC: new disk",
      { kind: "drain", ...asked, deadlineMs: SIX, reason: "new disk" },
      false,
      false,
    ],
    [
      "draining, asked by alice, was to be empty by 11:00 UTC",
      { kind: "drain", ...asked, deadlineMs: NOON - 3_600_000 },
      false,
      false,
    ],
    ["drained, asked by alice", { kind: "drain", ...asked, deadlineMs: SIX }, false, true],
    ["draining, as it has left the hosts file", undefined, true, false],
    ["draining, as it has left the hosts file; cordoned by alice", { kind: "cordon", ...asked }, true, false],
    [
      "drained, as it has left the hosts file; drained, asked by alice",
      { kind: "drain", ...asked },
      true,
      true,
    ],
  ])("%s", (words, order, isLeaving, isEmpty) => {
    expect(closureOf({ order, isLeaving, isEmpty }, NOON, "UTC")?.words).toBe(words);
  });
});

describe("what is said of a node in maintenance", () => {
  const night = { closesMs: NOON, startMs: SIX, endMs: SIX + 4 * 3_600_000 };

  it.each<[string | undefined, number, NodeOrder | undefined, boolean]>([
    [undefined, NOON - 1, undefined, false],
    ["draining for maintenance from 18:00 UTC until 22:00 UTC", NOON, undefined, false],
    ["drained for maintenance from 18:00 UTC until 22:00 UTC", NOON, undefined, true],
    ["draining, maintenance until 22:00 UTC", SIX, undefined, false],
    ["drained, maintenance until 22:00 UTC", SIX, undefined, true],
    [undefined, night.endMs, undefined, true],
    ["cordoned by alice", SIX, { kind: "cordon", ...asked }, false],
    ["draining, asked by alice", SIX, { kind: "drain", ...asked }, false],
    [
      "draining, maintenance until 22:00 UTC; cordoned by rebalancing",
      SIX,
      { kind: "cordon", by: "rebalancing", atMs: NOON },
      false,
    ],
  ])("%s", (words, nowMs, order, isEmpty) => {
    const standing = { order, maintenance: night, isLeaving: false, isEmpty };
    expect(closureOf(standing, nowMs, "UTC")?.words).toBe(words);
  });

  it("carries its times, for pages", () => {
    const standing = { maintenance: night, isLeaving: false, isEmpty: false };
    expect(closureOf(standing, SIX, "UTC")).toMatchObject({ state: "draining", maintenance: night });
  });
});

const time = fc.integer({ min: 0, max: 2000 });
const end = fc.option(time, { nil: undefined });
const anyOrder: fc.Arbitrary<NodeOrder> = fc.oneof(
  end.map((untilMs): NodeOrder => ({ kind: "cordon", by: "alice", atMs: 0, untilMs })),
  end.map((deadlineMs): NodeOrder => ({ kind: "drain", by: "bob", atMs: 0, deadlineMs })),
);
const anySpan: fc.Arbitrary<MaintenanceSpan> = fc
  .tuple(time, time, time)
  .map(([closesMs, leadMs, lengthMs]) => ({
    closesMs,
    startMs: closesMs + leadMs,
    endMs: closesMs + leadMs + lengthMs,
  }));
const anyStanding = fc.record({
  maintenance: fc.option(anySpan, { nil: undefined }),
  order: fc.option(anyOrder, { nil: undefined }),
  isLeaving: fc.boolean(),
  isEmpty: fc.boolean(),
});

function isOver(order: NodeOrder | undefined, nowMs: number): boolean {
  return order === undefined || (order.kind === "cordon" && (order.untilMs ?? Infinity) <= nowMs);
}

function isInMaintenance({ maintenance, order }: ClosureCauses, nowMs: number): boolean {
  const { closesMs, endMs } = maintenance ?? { closesMs: 0, endMs: 0 };
  return isOver(order, nowMs) && closesMs <= nowMs && nowMs < endMs;
}

describe("whether a node takes new servers", () => {
  it("only a cordon and a maintenance end by themselves, and only by their time", () => {
    fc.assert(
      fc.property(anyStanding, time, (standing, nowMs) => {
        const { order, isLeaving } = standing;
        const isOpen = !isLeaving && isOver(order, nowMs) && !isInMaintenance(standing, nowMs);
        expect(closureOf(standing, nowMs, "UTC") === undefined).toBe(isOpen);
      }),
    );
  });

  it("drained are those that were to become empty and are, and no others", () => {
    fc.assert(
      fc.property(anyStanding, time, (standing, nowMs) => {
        const state = closureOf(standing, nowMs, "UTC")?.state;
        const isToEmpty =
          standing.isLeaving || standing.order?.kind === "drain" || isInMaintenance(standing, nowMs);
        expect(state === "drained").toBe(isToEmpty && standing.isEmpty);
        expect(state === "draining").toBe(isToEmpty && !standing.isEmpty);
      }),
    );
  });

  it("never opens again a node that was closed by a person or left the file, while time passes, but for the end of a cordon", () => {
    fc.assert(
      fc.property(anyStanding, time, time, (any, one, other) => {
        const standing = { ...any, maintenance: undefined };
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        const before = closureOf(standing, earlier, "UTC");
        if (before === undefined) expect(closureOf(standing, later, "UTC")).toBeUndefined();
        else if (before.state !== "cordoned") expect(closureOf(standing, later, "UTC")).toBeDefined();
      }),
    );
  });
});
