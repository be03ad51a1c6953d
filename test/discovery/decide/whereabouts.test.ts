import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { fallSilent, type Report, type Seen } from "../../../src/discovery/decide/report.ts";
import {
  mentionedIn,
  mentionsByUser,
  parseCoverage,
  parseWhereabouts,
  updateWhereabouts,
  type Whereabouts,
} from "../../../src/discovery/decide/whereabouts.ts";
import type { NodeId, ServerName, UserName } from "../../../src/model.ts";

const [N1, N2] = ["node1", "node2"] as [NodeId, NodeId];
const ALICE = "alice" as UserName;

function server(name = "", evidence: Seen["evidence"] = "hub-list"): Seen {
  return { key: { user: ALICE, server: name as ServerName }, ready: true, evidence };
}

function answered(...servers: Seen[]): Report {
  return { kind: "answered", servers, atMs: 0 };
}

function update(before: Whereabouts, reports: [NodeId, Report][]): Whereabouts {
  const map = new Map(reports);
  return updateWhereabouts(before, mentionsByUser(map).get(ALICE) ?? [], map);
}

describe("updateWhereabouts", () => {
  it.each<[string, Whereabouts, [NodeId, Report][], Whereabouts]>([
    ["learns", {}, [[N1, answered(server(), server("big"))]], { "": [N1], big: [N1] }],
    ["forgets what ended", { "": [N1] }, [[N1, answered()]], {}],
    [
      "keeps what a silent node had",
      { "": [N2] },
      [
        [N1, answered()],
        [N2, fallSilent(undefined, "", 0)],
      ],
      { "": [N2] },
    ],
    ["keeps what an unknown node had", { "": [N2] }, [[N1, answered(server())]], { "": [N1, N2] }],
    ["takes a silent node's last word", {}, [[N1, fallSilent(answered(server()), "", 0)]], { "": [N1] }],
    ["learns nothing from a process's word", {}, [[N1, answered(server("", "process-list"))]], {}],
    ["is upheld by it", { "": [N1] }, [[N1, answered(server("", "process-list"))]], { "": [N1] }],
  ])("%s", (_, before, reports, after) => {
    expect(update(before, reports)).toEqual(after);
  });

  it("says the same when nothing changed", () => {
    const reports: [NodeId, Report][] = [
      [N2, answered(server("b"), server("a"))],
      [N1, answered(server("a"))],
    ];
    const once = update({}, reports);
    expect(JSON.stringify(update(once, reports.toReversed()))).toBe(JSON.stringify(once));
  });
});

describe("what the store holds", () => {
  it("comes back", () => {
    const whereabouts = update({}, [[N1, answered(server(), server("constructor"))]]);
    expect(parseWhereabouts(JSON.stringify(whereabouts))).toEqual(whereabouts);
    expect(parseCoverage(JSON.stringify([N1, N2]))).toEqual([N1, N2]);
  });

  it("may be anything", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.string(), (text, name) => {
        for (const node of mentionedIn(parseWhereabouts(text), { server: name as ServerName })) {
          expect(node).toMatch(/^[a-z0-9.-]+$/);
        }
        parseCoverage(text);
      }),
    );
    expect(parseWhereabouts(undefined)).toEqual({});
    expect(mentionedIn({}, { server: "constructor" as ServerName })).toEqual([]);
  });
});
