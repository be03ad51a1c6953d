import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  advance,
  beginJourney,
  type Journey,
  type JourneyEvent,
} from "../../../../src/router/way-in/decide/journey.ts";
import { ALICE, NODE1, VERDICTS } from "../../../support/fake-world.ts";

const node = NODE1;
const anyEvent = fc.oneof(
  fc.constantFrom<JourneyEvent>(
    {
      kind: "obstacle",
      obstacle: { kind: "silent", silent: [{ node, reason: "no answer" }], mayStartElsewhere: false },
    },
    { kind: "found", node, how: "running" },
    { kind: "stopping", node },
    { kind: "none" },
    { kind: "elsewhere" },
    { kind: "placed", node, verdicts: VERDICTS },
    { kind: "nowhere", verdicts: VERDICTS },
    { kind: "assigned", node },
    { kind: "hub", node },
    { kind: "server", node },
    { kind: "arrived", node },
    { kind: "failed", code: "DISK_FULL", message: "no space", remedy: "" },
  ),
  fc.record({ kind: fc.constantFrom("note", "progress"), text: fc.string({ maxLength: 1000 }) }),
);
const RANK = { waiting: 0, active: 1, skipped: 2, done: 2, failed: 2 };

function play(events: readonly JourneyEvent[]): Journey[] {
  const states = [beginJourney("id", ALICE, 0)];
  for (const event of events) states.push(advance(states.at(-1) ?? beginJourney("id", ALICE, 0), event));
  return states;
}

function property(check: (states: Journey[]) => void): void {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      check(play(events));
    }),
  );
}

describe("a journey", () => {
  it("has at most one step under way, and exactly one until it is over", () => {
    property((states) => {
      for (const { steps, outcome } of states) {
        const active = steps.filter(({ state }) => state === "active").length;
        expect(active).toBe(outcome === undefined ? 1 : 0);
      }
    });
  });

  it("never takes a step back", () => {
    property((states) => {
      states.slice(1).forEach((after, i) => {
        after.steps.forEach((step, s) => {
          expect(RANK[step.state]).toBeGreaterThanOrEqual(RANK[states[i]?.steps[s]?.state ?? "waiting"]);
        });
      });
    });
  });

  it("stays over, and counts every change", () => {
    property((states) => {
      states.slice(1).forEach((after, i) => {
        const before = states[i];
        if (before?.outcome === undefined) expect(after.version).toBe((before?.version ?? 0) + 1);
        else expect(after).toBe(before);
      });
    });
  });

  it("keeps a bounded number of bounded lines", () => {
    property((states) => {
      for (const { lines } of states.at(-1)?.steps ?? []) {
        expect(lines.length).toBeLessThanOrEqual(8);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(300);
      }
    });
  });

  it("knows its node once it has arrived", () => {
    property((states) => {
      for (const { outcome, node: reached } of states) {
        if (outcome?.kind === "arrived") expect(reached).toBe(outcome.node);
      }
    });
  });

  it("says what was decided and why", () => {
    const last = play([
      { kind: "none" },
      { kind: "placed", node, verdicts: VERDICTS },
      { kind: "hub", node },
    ]);
    expect(last.at(-1)?.steps.map(({ state, lines }) => [state, ...lines])).toEqual([
      ["done", "You have no running server."],
      ["done", "node1: most free memory: 3 GB"],
      ["active"],
      ["waiting"],
    ]);
  });

  it("skips what a found server does not need", () => {
    const last = play([
      { kind: "found", node, how: "starting" },
      { kind: "server", node },
    ]).at(-1);
    expect(last?.steps.map(({ state }) => state)).toEqual(["done", "skipped", "skipped", "active"]);
  });

  it("is no longer silent once something is known", () => {
    const obstacle = { kind: "silent", silent: [], mayStartElsewhere: true } as const;
    const silent = { kind: "obstacle", obstacle } as const;
    expect(play([silent, { kind: "progress", text: "still looking" }]).at(-1)?.obstacle).toBeDefined();
    expect(play([silent, { kind: "found", node, how: "running" }]).at(-1)?.obstacle).toBeUndefined();
  });
});
