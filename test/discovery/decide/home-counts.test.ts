import { expect, it } from "@jest/globals";
import type { Report, Seen } from "../../../src/discovery/decide/report.ts";
import { countHomes } from "../../../src/discovery/decide/home-counts.ts";
import type { HomeReading } from "../../../src/home-model.ts";
import type { UserName } from "../../../src/model.ts";
import { ALICE, NODE1, NODE2 } from "../../support/fake-world.ts";
import { aHome, aRecord } from "../../support/homes.ts";

const STARTED = new Date(10_000).toISOString();
const LATER = 130_001;

function count(seen: Partial<Seen>, home: HomeReading | undefined): number {
  const server: Seen = { key: ALICE, ready: true, evidence: "hub-list", startedAt: STARTED, ...seen };
  const reports = new Map<typeof NODE1, Report>([[NODE1, { kind: "answered", servers: [server], atMs: 0 }]]);
  const homes = new Map(home === undefined ? [] : [[ALICE.user, home]]);
  return countHomes(reports, homes).serversWithoutRecord;
}

it.each<[string, Partial<Seen>, HomeReading | undefined, number]>([
  ["has run for two minutes without a record", {}, aHome({ atMs: LATER }), 1],
  ["has a record on another node only", {}, aHome({ atMs: LATER, records: [aRecord({ node: NODE2 })] }), 1],
  ["has its record", {}, aHome({ atMs: LATER, records: [aRecord()] }), 0],
  ["has just been started", {}, aHome({ atMs: 130_000 }), 0],
  ["is not ready", { ready: false }, aHome({ atMs: LATER }), 0],
  ["has not told when it started", { startedAt: "" }, aHome({ atMs: LATER }), 0],
  ["is of a home that cannot be read", {}, { kind: "unreadable", atMs: LATER, reason: "it hangs" }, 0],
  ["is of a home that nobody has looked at", {}, undefined, 0],
])("a server that %s", (_, seen, home, expected) => {
  expect(count(seen, home)).toBe(expected);
});

it("homes are counted by whether they can be read", () => {
  const unreadable: HomeReading = { kind: "unreadable", atMs: 0, reason: "it hangs" };
  const homes = new Map(
    ["a", "b", "c"].map((name) => [name as UserName, name === "a" ? aHome() : unreadable]),
  );
  expect(countHomes(new Map(), homes)).toEqual({ read: 1, unreadable: 2, serversWithoutRecord: 0 });
});
