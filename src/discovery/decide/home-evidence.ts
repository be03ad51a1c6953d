import type { Claim, HomeRead, HomeReading, SeenRecord } from "../../home-model.ts";
import { isSameProcess, type ProcessIdentity } from "../../sighting.ts";
import type { NodeId, ServerKey } from "../../model.ts";
import { asks, type Question } from "./question.ts";

/** A record of a server that started later than this after the record did is another server's. */
const SAME_START_MS = 60_000;

/** What the home says now, or said when it could be read. */
export function lastRead(home: HomeReading | undefined): HomeRead | undefined {
  return home?.kind === "unreadable" ? home.last : home;
}

/** The nodes that records and claims name for a question. */
export function nodesNamed(home: HomeReading | undefined, question: Question): ReadonlySet<NodeId> {
  const { records = [], claims = [] } = lastRead(home) ?? {};
  return new Set([...records, ...claims].filter(asks(question)).map(({ node }) => node));
}

/** Of the servers in question, those that records and claims place on a node. */
export function keysNamed(
  home: HomeReading | undefined,
  question: Question,
  node: NodeId,
): readonly ServerKey[] {
  const { records = [], claims = [] } = lastRead(home) ?? {};
  const named = [...records, ...claims].filter((about) => about.node === node && asks(question)(about));
  return named.map(({ key }) => key);
}

/** The claim on a server's place. */
export function claimOf(home: HomeReading | undefined, question: Question): Claim | undefined {
  if (question.server === undefined) return undefined;
  return lastRead(home)?.claims.find(asks(question));
}

/** The newest record on a node of what is looked for. */
export function recordOn(
  home: HomeReading | undefined,
  node: NodeId,
  question: Question,
): SeenRecord | undefined {
  const records = lastRead(home)?.records.filter((record) => record.node === node && asks(question)(record));
  return records?.toSorted((a, b) => b.startedAtMs - a.startedAtMs || b.pid - a.pid)[0];
}

/** Whether a record can be that of a running server: of this very process, or of one that started then. */
export function fits(
  record: SeenRecord,
  { process, startedAt }: { readonly process?: ProcessIdentity; readonly startedAt?: string },
): boolean {
  if (process !== undefined) return isSameProcess(record, process);
  const startedAtMs = Date.parse(startedAt ?? "");
  return Number.isNaN(startedAtMs) || record.startedAtMs >= startedAtMs - SAME_START_MS;
}
