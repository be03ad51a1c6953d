import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, ServerName } from "../../../../src/model.ts";
import {
  expectedBytes,
  noteSize,
  type SizeHistory,
} from "../../../../src/nodes/placement/decide/size-history.ts";
import { GIB, MIB } from "../../../support/node-views.ts";

const bounds = { leastBytes: 512 * MIB, mostBytes: 64 * GIB };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A server that ran for ten minutes, and was measured every five. */
function run(history: SizeHistory, bytes: number, atMs: number, node = "node1"): SizeHistory {
  const measured = { server: "" as ServerName, node: node as NodeId };
  return [bytes / 4, bytes, bytes / 2].reduce<SizeHistory>(
    (all, each, index) => noteSize(all, { ...measured, bytes: each }, atMs + index * 5 * MINUTE_MS),
    history,
  );
}

describe("the expected size of a user's next server", () => {
  it("is unknown before any of theirs was measured, or ran long enough to tell", () => {
    const short = noteSize([], { server: "" as ServerName, node: "node1" as NodeId, bytes: GIB }, 0);
    expect(expectedBytes([], bounds, 0)).toBeUndefined();
    expect(expectedBytes(short, bounds, 0)).toBeUndefined();
  });

  it("is the most that their only one took, not what it took last", () => {
    expect(expectedBytes(run([], 4 * GIB, 0), bounds, DAY_MS)).toBe(4 * GIB);
  });

  it("is what most did not exceed: neither the mean, nor the largest of many", () => {
    const sizes = [1, 1, 2, 2, 3, 3, 3, 40];
    const history = sizes.reduce<SizeHistory>(
      (all, gib, index) => run(all, gib * GIB, index * 60 * MINUTE_MS),
      [],
    );
    expect(expectedBytes(history, bounds, 9 * 60 * MINUTE_MS)).toBe(3 * GIB);
  });

  it("goes by the latest ones: what was long ago counts less", () => {
    const history = [0, 1, 2].reduce<SizeHistory>((all, day) => run(all, 40 * GIB, day * DAY_MS), []);
    expect(expectedBytes(run(history, GIB, 50 * DAY_MS), bounds, 50 * DAY_MS)).toBe(GIB);
  });

  it("tells apart servers of two nodes at the same time", () => {
    const history = run(run([], 2 * GIB, 0, "node1"), 4 * GIB, 1, "node2");
    expect(history).toHaveLength(2);
  });

  it("is within its bounds whatever was measured, from a bounded memory", () => {
    const measured = fc.record({ bytes: fc.double({ min: 0, noNaN: true }), afterMs: fc.nat(DAY_MS) });
    fc.assert(
      fc.property(fc.array(measured, { maxLength: 40 }), (all) => {
        let nowMs = 0;
        let history: SizeHistory = [];
        for (const { bytes, afterMs } of all) {
          nowMs += afterMs;
          history = run(history, bytes, nowMs);
        }
        expect(history.length).toBeLessThanOrEqual(8);
        const expected = expectedBytes(history, bounds, nowMs);
        expect(expected === undefined).toBe(all.length === 0);
        expect(expected ?? bounds.leastBytes).toBeGreaterThanOrEqual(bounds.leastBytes);
        expect(expected ?? bounds.mostBytes).toBeLessThanOrEqual(bounds.mostBytes);
      }),
    );
  });
});
