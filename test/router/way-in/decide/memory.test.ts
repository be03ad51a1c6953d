import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  parseAssignment,
  parseKept,
  parsePlacementRecord,
} from "../../../../src/router/way-in/decide/memory.ts";

describe("what the store holds", () => {
  it("is read as it was written", () => {
    expect(parseAssignment('{"node":"node1","by":"a"}')).toEqual({ node: "node1", by: "a" });
    expect(parseKept('{"process":"node1/x/1/2","untilMs":5}')).toEqual({
      process: "node1/x/1/2",
      untilMs: 5,
    });
    expect(parsePlacementRecord('{"atMs":5,"node":"node1","verdicts":[]}')).toMatchObject({ node: "node1" });
  });

  it.each([1e300, 8.64e15 + 1, -1])("tells no time that no date can be: %d", (ms) => {
    expect(parsePlacementRecord(JSON.stringify({ atMs: ms, verdicts: [] }))).toBeUndefined();
    expect(parseKept(JSON.stringify({ process: "", untilMs: ms }))).toBeUndefined();
  });

  it("is nothing if somebody wrote anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { atMs = 0 } = parsePlacementRecord(text) ?? {};
        expect(() => new Date(atMs).toISOString()).not.toThrow();
        expect(() => [parseAssignment(text), parseKept(text)]).not.toThrow();
      }),
    );
  });
});
