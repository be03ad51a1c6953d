import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { locate, type Memory } from "../../../src/discovery/decide/locate.ts";
import type { Question } from "../../../src/discovery/decide/question.ts";
import { ageReport, fallSilent, type Report, type Seen } from "../../../src/discovery/decide/report.ts";
import type { NodeId, ServerKey } from "../../../src/model.ts";

const [N1, N2, N3] = ["node1", "node2", "node3"] as [NodeId, NodeId, NodeId];
const ALICE = { user: "alice", server: "" } as ServerKey;

function seen(over: Partial<Seen> = {}): Seen {
  return { key: ALICE, ready: true, evidence: "hub-list", ...over };
}

function answered(...servers: Seen[]): Report {
  return { kind: "answered", servers, atMs: 1000 };
}

function silent(...last: Seen[]): Report {
  return fallSilent(answered(...last), "no route", 2000);
}

const NEVER_ANSWERED: Report = fallSilent(undefined, "no route", 2000);

function memory(over: { mentioned?: NodeId[]; covered?: NodeId[] } = {}): Memory {
  return { mentioned: new Set(over.mentioned), covered: new Set(over.covered) };
}

function find(reports: [NodeId, Report][], remembered = memory(), question: Question = ALICE) {
  const nodes = reports.map(([node]) => node);
  return locate({ nodes, reports: new Map(reports), memory: remembered, nowMs: 0 }, question);
}

describe("locate finds", () => {
  it("a server where it is reported, although another node is silent", () => {
    expect(
      find([
        [N1, NEVER_ANSWERED],
        [N2, answered(seen())],
      ]),
    ).toEqual({
      kind: "found",
      sighting: { key: ALICE, node: N2, evidence: "hub-list", ready: true, seenAtMs: 1000 },
      others: [],
    });
  });

  it.each([
    ["the ready one", seen({ ready: false, pending: "spawn" }), seen()],
    ["the starting one", seen({ ready: false }), seen({ ready: false, pending: "spawn" })],
    ["the one that is not stopping", seen({ pending: "stop" }), seen({ ready: false })],
    ["the one used last", seen({ lastActivity: "2026-01-01" }), seen({ lastActivity: "2026-01-02" })],
  ])("%s of two, and names the other", (_, worse, better) => {
    expect(
      find([
        [N1, answered(worse)],
        [N2, answered(better)],
      ]),
    ).toMatchObject({
      kind: "found",
      sighting: { node: N2 },
      others: [{ node: N1 }],
    });
  });

  it("every server of a user", () => {
    const big = { user: "alice", server: "big" } as ServerKey;
    const bob = { user: "bob", server: "" } as ServerKey;
    const reports: [NodeId, Report][] = [
      [N1, answered(seen({ key: big }), seen({ key: bob }))],
      [N2, answered(seen())],
    ];
    expect(find(reports, memory(), { user: ALICE.user })).toMatchObject({
      sighting: { key: ALICE },
      others: [{ key: big }],
    });
  });
});

describe("locate says none", () => {
  it.each<[string, [NodeId, Report][], Memory]>([
    [
      "when every node answered",
      [
        [N1, answered()],
        [N2, answered()],
      ],
      memory(),
    ],
    ["although an assignment names a node that answered", [[N1, answered()]], memory({ mentioned: [N1] })],
    [
      "although a node is down whose last answer did not list it",
      [
        [N1, answered()],
        [N2, silent()],
      ],
      memory(),
    ],
    [
      "although a node was down from the start that is covered",
      [[N2, NEVER_ANSWERED]],
      memory({ covered: [N2] }),
    ],
  ])("%s", (_, reports, remembered) => {
    expect(find(reports, remembered)).toEqual({ kind: "none" });
  });
});

describe("locate does not know", () => {
  it.each<[string, [NodeId, Report][], Memory, object]>([
    [
      "when a node is silent whose last answer listed it",
      [
        [N1, answered()],
        [N2, silent(seen())],
      ],
      memory({ covered: [N1, N2] }),
      { node: N2, reason: "no route", lastSeenMs: 1000 },
    ],
    [
      "when a node is silent that is mentioned",
      [
        [N1, answered()],
        [N2, silent()],
      ],
      memory({ mentioned: [N2], covered: [N1, N2] }),
      { node: N2, reason: "no route", lastSeenMs: 1000 },
    ],
    [
      "when a node was down from the start and nothing is remembered",
      [
        [N1, answered()],
        [N2, NEVER_ANSWERED],
      ],
      memory({ covered: [N1] }),
      { node: N2, reason: "no route" },
    ],
    [
      "when a mentioned node has left the hosts file",
      [[N1, answered()]],
      memory({ mentioned: [N3] }),
      { node: N3, reason: "it is no longer in the hosts file" },
    ],
  ])("%s", (_, reports, remembered, place) => {
    expect(find(reports, remembered)).toEqual({ kind: "unknown", silent: [place] });
  });

  it("before it has asked", () => {
    expect(locate({ nodes: [N1], reports: new Map(), memory: memory(), nowMs: 0 }, ALICE)).toEqual({
      kind: "unknown",
      silent: [{ node: N1, reason: "it has not been asked yet" }],
    });
  });
});

describe("whatever nodes say and are remembered for", () => {
  const anyNode = fc.constantFrom(N1, N2, N3);
  const anyKey = fc.record({
    user: fc.constantFrom("alice", "bob"),
    server: fc.constantFrom("", "big"),
  }) as fc.Arbitrary<ServerKey>;
  const anySeen: fc.Arbitrary<Seen> = fc.record({
    key: anyKey,
    ready: fc.boolean(),
    evidence: fc.constantFrom("hub-list", "process-list"),
  });
  const anyAnswer = fc.array(anySeen, { maxLength: 3 }).map((servers) => answered(...servers));
  const anyReport = fc.oneof(
    anyAnswer,
    fc.option(anyAnswer, { nil: undefined }).map((last) => fallSilent(last, "no route", 2000)),
  );
  const anyReports = fc.uniqueArray(fc.tuple(anyNode, anyReport), { selector: ([node]) => node });
  const anyMemory = fc.record({ mentioned: fc.array(anyNode), covered: fc.array(anyNode) }).map(memory);

  function lists(report: Report | undefined, key: ServerKey): boolean {
    const answer = report?.kind === "silent" ? report.last : report;
    return answer?.servers.some((one) => one.key.user === key.user && one.key.server === key.server) ?? false;
  }

  it("never says none while a named place was not looked at", () => {
    fc.assert(
      fc.property(anyReports, anyMemory, anyKey, (reports, remembered, key) => {
        if (find(reports, remembered, key).kind !== "none") return;
        const looked = new Map(reports);
        for (const node of remembered.mentioned) expect(looked.get(node)?.kind).toBe("answered");
        for (const [, report] of reports) expect(lists(report, key)).toBe(false);
        for (const [node, report] of reports) {
          if (report.kind === "silent" && report.last === undefined)
            expect(remembered.covered).toContain(node);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("finds exactly what nodes that answer report, of this user and name", () => {
    fc.assert(
      fc.property(anyReports, anyMemory, anyKey, (reports, remembered, key) => {
        const location = find(reports, remembered, key);
        const isReported = reports.some(([, report]) => report.kind === "answered" && lists(report, key));
        expect(location.kind === "found").toBe(isReported);
        if (location.kind !== "found") return;
        for (const sighting of [location.sighting, ...location.others]) {
          expect(sighting.key).toEqual(key);
          expect(lists(new Map(reports).get(sighting.node), key)).toBe(true);
        }
      }),
    );
  });

  it("does not depend on the order of nodes", () => {
    const distinct = anyReports.map((reports) =>
      reports.map(([node, report]): [NodeId, Report] => {
        const unique =
          report.kind === "answered" ? { ...report, servers: report.servers.slice(0, 1) } : report;
        return [node, unique];
      }),
    );
    fc.assert(
      fc.property(distinct, anyMemory, anyKey, (reports, remembered, key) => {
        expect(find(reports.toReversed(), remembered, key)).toEqual(find(reports, remembered, key));
      }),
    );
  });

  it("names only silent nodes, each with a reason", () => {
    fc.assert(
      fc.property(anyReports, anyMemory, anyKey, (reports, remembered, key) => {
        const location = find(reports, remembered, key);
        if (location.kind !== "unknown") return;
        expect(location.silent.length).toBeGreaterThan(0);
        for (const { node, reason } of location.silent) {
          expect(new Map<unknown, Report>(reports).get(node)?.kind).not.toBe("answered");
          expect(reason).not.toBe("");
        }
      }),
    );
  });
});

describe("ageReport", () => {
  it("takes an old answer for silence that remembers it", () => {
    expect(ageReport(answered(seen()), 16_000, 15_000)).toEqual(answered(seen()));
    expect(ageReport(answered(seen()), 17_000, 15_000)).toMatchObject({
      kind: "silent",
      reason: "its last answer is 16 s old",
      last: { atMs: 1000, servers: [{ key: ALICE }] },
    });
  });
});
