import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { lastRead } from "../../../src/discovery/decide/home-evidence.ts";
import { locate, nodesToSearch, type Memory } from "../../../src/discovery/decide/locate.ts";
import type { Question } from "../../../src/discovery/decide/question.ts";
import { fallSilent, type Report, type Seen } from "../../../src/discovery/decide/report.ts";
import type { HomeReading } from "../../../src/home-model.ts";
import type { NodeId, ServerKey } from "../../../src/model.ts";
import { aClaim, aHome, aRecord, BOOT } from "../../support/homes.ts";

const [N1, N2, N3] = ["node1", "node2", "node3"] as [NodeId, NodeId, NodeId];
const ALICE = { user: "alice", server: "" } as ServerKey;
const PROCESS = { pid: 1234, startTicks: 98_765, bootId: BOOT };
const NOTHING: Memory = { mentioned: new Set(), covered: new Set() };
const NOW = 4000;
const DEAD = fallSilent(undefined, "no route", 2000);

function listed(over: Partial<Seen> = {}): Seen {
  return { key: ALICE, ready: true, evidence: "hub-list", ...over };
}

function running(over: Partial<Seen> = {}): Seen {
  return { key: ALICE, ready: false, evidence: "process-list", uid: 2001, process: PROCESS, ...over };
}

function answered(servers: Seen[] = [], processes?: Seen[]): Report {
  return { kind: "answered", servers, atMs: 2000, ...(processes && { processes }) };
}

function find(
  reports: Record<string, Report>,
  home?: HomeReading,
  memory = NOTHING,
  question: Question = ALICE,
) {
  const entries = Object.entries(reports) as [NodeId, Report][];
  return locate(
    { nodes: entries.map(([node]) => node), reports: new Map(entries), home, memory, nowMs: NOW },
    question,
  );
}

describe("a home that is read", () => {
  it("and names nothing lets nobody wait for a dead node of which nothing is known", () => {
    expect(find({ node1: answered(), node2: DEAD }, aHome())).toEqual({ kind: "none" });
  });

  it("and has no room for a claim does not hide the server that was seen last on a node that is silent now", () => {
    const unknown = { kind: "unknown", silent: [{ node: N2 }] };
    const memory = { mentioned: new Set([N2]), covered: new Set([N2]) };
    expect(find({ node1: answered(), node2: DEAD }, aHome(), memory)).toMatchObject(unknown);
    const lost = fallSilent(answered([listed()]), "no route", 3000);
    expect(find({ node1: answered(), node2: lost }, aHome())).toMatchObject(unknown);
  });

  it("and names nothing lets nobody wait for a node that is remembered and gone", () => {
    const memory = { mentioned: new Set([N3]), covered: new Set<NodeId>() };
    expect(find({ node1: answered(), node2: DEAD }, aHome(), memory)).toEqual({ kind: "none" });
  });

  it.each([
    ["record", aHome({ records: [aRecord({ node: N2 })] }), {}],
    ["claim", aHome({ claims: [aClaim(N2)] }), { supersedes: "claim-alice--node2" }],
  ])("holds up its user while the node of a %s is dead", (_, home, supersedes) => {
    expect(find({ node1: answered(), node2: DEAD }, home)).toMatchObject({
      kind: "unknown",
      silent: [{ node: N2, reason: "no route" }],
      ...supersedes,
    });
  });

  it("shows the record of a server on a dead node", () => {
    const record = aRecord({ node: N2 });
    const home = aHome({ records: [record] });
    for (const question of [ALICE, { user: ALICE.user }])
      expect(find({ node2: DEAD }, home, NOTHING, question)).toMatchObject({
        silent: [{ node: N2, record }],
      });
  });

  it("lets a dead server's claim be replaced once list and processes of its node show nothing", () => {
    const home = aHome({ claims: [aClaim(N1)], records: [aRecord()] });
    expect(find({ node1: answered([], []) }, home)).toEqual({
      kind: "none",
      supersedes: "claim-alice--node1",
    });
  });

  it("is not content with the hub's list where a record names the node", () => {
    const home = aHome({ records: [aRecord()] });
    expect(find({ node1: answered() }, home)).toMatchObject({
      kind: "unknown",
      silent: [{ node: N1, reason: "it did not show which servers run there" }],
    });
  });

  it("is believed while its record is being written on another machine, as a batch job does", () => {
    const record = aRecord({ host: "worker7" });
    const report = { ...answered([], []), host: "node1.lab" } as Report;
    const claims = [aClaim()];
    expect(find({ node1: report }, aHome({ records: [record], claims }))).toMatchObject({
      kind: "unknown",
      silent: [{ node: N1, reason: expect.stringContaining("runs on worker7"), record }],
    });
    const stale = aRecord({ host: "worker7", unchangedSinceMs: NOW - 180_000 });
    expect(find({ node1: report }, aHome({ records: [stale], claims }))).toMatchObject({ kind: "none" });
    const here = aRecord({ host: "node1.lab" });
    expect(find({ node1: report }, aHome({ records: [here], claims }))).toMatchObject({ kind: "none" });
  });

  it("is dead when its hub has removed the claim, though the record of its job was left behind", () => {
    const record = aRecord({ host: "worker7" });
    const report = { ...answered([], []), host: "node1.lab" } as Report;
    expect(find({ node1: report }, aHome({ records: [record] }))).toEqual({ kind: "none" });
  });

  it("names a node that is in no hosts file", () => {
    const home = aHome({ records: [aRecord({ node: N3 })] });
    expect(find({ node1: answered() }, home)).toMatchObject({
      kind: "unknown",
      silent: [{ node: N3, reason: "it is no longer in the hosts file" }],
    });
  });
});

describe("a home that cannot be read", () => {
  const home: HomeReading = { kind: "unreadable", atMs: 2000, reason: "it hangs" };

  it("costs nothing when every hub has answered", () => {
    expect(find({ node1: answered(), node2: answered() }, home)).toEqual({ kind: "none" });
  });

  it("is named beside a silent node that may have the server", () => {
    expect(find({ node1: answered(), node2: DEAD }, home)).toEqual({
      kind: "unknown",
      silent: [{ node: N2, reason: "no route" }, { reason: "it hangs" }],
    });
  });

  it("still counts for what it said before", () => {
    const last = aHome({ claims: [aClaim(N2)] });
    const memory = { mentioned: new Set<NodeId>(), covered: new Set([N2]) };
    expect(find({ node2: DEAD }, { ...home, last }, memory)).toMatchObject({
      kind: "unknown",
      silent: [{ node: N2 }],
      supersedes: "claim-alice--node2",
    });
  });
});

describe("a sighting", () => {
  it("carries its record", () => {
    const record = aRecord();
    const location = find({ node1: answered([listed()]) }, aHome({ records: [record] }));
    expect(location).toMatchObject({ sighting: { node: N1, record } });
  });

  it("does without the record of another process, boot or start", () => {
    const home = aHome({ records: [aRecord()] });
    const later = listed({ startedAt: "2026-01-01T00:00:00Z" });
    const reused = running({ process: { ...PROCESS, startTicks: 1 } });
    const rebooted = running({ process: { ...PROCESS, bootId: "another" } });
    for (const report of [
      answered([later]),
      answered([reused], [reused]),
      answered([rebooted], [rebooted]),
    ]) {
      expect(find({ node1: report }, home)).not.toHaveProperty("sighting.record");
    }
  });

  it("is an orphan where the process runs and the hub that answers does not list it", () => {
    const home = aHome({ records: [aRecord()] });
    expect(find({ node1: answered([], [running()]) }, home)).toMatchObject({
      kind: "found",
      sighting: { node: N1, isOrphan: true, process: PROCESS, record: { pid: 1234 } },
    });
  });

  it("of an orphan comes after one that a hub lists", () => {
    expect(find({ node1: answered([], [running()]), node2: answered([listed()]) })).toMatchObject({
      sighting: { node: N2 },
      others: [{ node: N1, isOrphan: true }],
    });
  });
});

describe("nodesToSearch", () => {
  it("are those of which one look at the hub's list is not enough", () => {
    const missed = { ...answered(), missed: [ALICE] } as Report;
    const nodes = [N1, N2, N3];
    const reports = new Map([
      [N1, answered()],
      [N2, missed],
      [N3, answered([listed()])],
    ]);
    const home = aHome({ claims: [aClaim(N1)], records: [aRecord({ node: N3 })] });
    expect(nodesToSearch({ nodes, reports, home }, ALICE)).toEqual([N1, N2]);
  });
});

describe("whatever nodes and homes say", () => {
  const anyNode = fc.constantFrom(N1, N2, N3);
  const anyKey = fc.record({
    user: fc.constantFrom("alice", "bob"),
    server: fc.constantFrom("", "big"),
  }) as fc.Arbitrary<ServerKey>;
  const anyListed = anyKey.map((key) => listed({ key }));
  const anyRunning = fc.record({ key: anyKey, pid: fc.constantFrom(1234, 1235) }).map(({ key, pid }) => {
    return running({ key, process: { ...PROCESS, pid } });
  });
  function distinct(arbitrary: fc.Arbitrary<Seen>): fc.Arbitrary<Seen[]> {
    return fc.uniqueArray(arbitrary, { maxLength: 3, selector: ({ key }) => `${key.user}/${key.server}` });
  }
  const anyAnswer = fc
    .record({
      servers: distinct(anyListed),
      processes: fc.option(distinct(anyRunning), { nil: undefined }),
      missed: fc.array(anyKey, { maxLength: 2 }),
    })
    .map(({ servers, processes, missed }) => ({ ...answered(servers, processes), missed }) as Report);
  const anyReport = fc.oneof(
    anyAnswer,
    fc.option(anyAnswer, { nil: undefined }).map((last) => fallSilent(last, "no route", 2000)),
  );
  const anyReports = fc.uniqueArray(fc.tuple(anyNode, anyReport), { selector: ([node]) => node });
  const anyRead = fc
    .record({
      records: fc.uniqueArray(
        fc.tuple(anyKey, anyNode, fc.integer({ min: 2, max: 9 })).map(([key, node, pid]) => {
          return aRecord({ key, node, pid, startedAtMs: pid });
        }),
        { maxLength: 3, selector: ({ pid }) => pid },
      ),
      claims: fc.uniqueArray(
        fc.tuple(anyNode, anyKey).map(([node, key]) => aClaim(node, key)),
        { maxLength: 2, selector: ({ key }) => `${key.user}/${key.server}` },
      ),
    })
    .map((over) => aHome(over));
  const anyHome: fc.Arbitrary<HomeReading | undefined> = fc.oneof(
    fc.constant(undefined),
    anyRead,
    fc.option(anyRead, { nil: undefined }).map((last) => {
      return { kind: "unreadable" as const, atMs: 1, reason: "it hangs", ...(last && { last }) };
    }),
  );
  const anyMemory = fc
    .record({ mentioned: fc.array(anyNode), covered: fc.array(anyNode) })
    .map(({ mentioned, covered }) => ({ mentioned: new Set(mentioned), covered: new Set(covered) }));

  const anyCase = fc.tuple(anyReports, anyHome, anyMemory, anyKey);
  type Case = typeof anyCase extends fc.Arbitrary<infer T> ? T : never;
  function decide([reports, home, memory, key]: Case) {
    return locate(
      { nodes: reports.map(([node]) => node), reports: new Map(reports), home, memory, nowMs: NOW },
      key,
    );
  }
  function isKey(key: ServerKey) {
    return (about: { key: ServerKey }) => about.key.user === key.user && about.key.server === key.server;
  }

  it("it never says none while a place that the home names was not looked at", () => {
    fc.assert(
      fc.property(anyCase, (all) => {
        const [reports, home, , key] = all;
        if (decide(all).kind !== "none") return;
        const { records = [], claims = [] } = lastRead(home) ?? {};
        for (const { node } of [...records, ...claims].filter(isKey(key))) {
          const report = new Map(reports).get(node);
          expect(report).toMatchObject({ kind: "answered" });
          expect(report).toHaveProperty("processes");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("it never says none without a home while a node that may have the server is silent", () => {
    fc.assert(
      fc.property(anyCase, (all) => {
        const [reports, home, { mentioned, covered }] = all;
        if (home?.kind === "read" || decide(all).kind !== "none") return;
        const looked = new Map(reports);
        for (const node of mentioned) expect(looked.get(node)?.kind).toBe("answered");
        for (const [node, report] of reports) {
          if (report.kind === "silent" && report.last === undefined) expect(covered).toContain(node);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("it finds servers of this user and name only, on nodes there are, that a node itself has shown", () => {
    fc.assert(
      fc.property(anyCase, (all) => {
        const [reports, , , key] = all;
        const location = decide(all);
        if (location.kind !== "found") return;
        for (const { node, ...sighting } of [location.sighting, ...location.others]) {
          const report = new Map(reports).get(node);
          const shown = report?.kind === "answered" ? [...report.servers, ...(report.processes ?? [])] : [];
          expect(sighting.key).toEqual(key);
          expect(shown.some(isKey(key))).toBe(true);
          if (sighting.record !== undefined) expect(sighting.record).toMatchObject({ key, node });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("it does not depend on the order in which nodes and files are listed", () => {
    fc.assert(
      fc.property(anyCase, (all) => {
        const [reports, home, memory, key] = all;
        const turned =
          home?.kind === "read"
            ? { ...home, records: home.records.toReversed(), claims: home.claims.toReversed() }
            : home;
        expect(decide([reports.toReversed(), turned, memory, key])).toEqual(decide(all));
      }),
      { numRuns: 2000 },
    );
  });

  it("it lets only this server's own claim be replaced", () => {
    fc.assert(
      fc.property(anyCase, (all) => {
        const [, home, , key] = all;
        const location = decide(all);
        const claim = lastRead(home)?.claims.find(isKey(key));
        if (location.kind !== "found") expect(location.supersedes).toBe(claim?.id);
      }),
    );
  });
});
