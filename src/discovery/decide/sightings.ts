import type { HomeReading } from "../../home-model.ts";
import type { Sighting } from "../../sighting.ts";
import type { NodeId } from "../../model.ts";
import { fits, recordOn } from "./home-evidence.ts";
import { asks, type Question } from "./question.ts";
import { isOf, type Answered, type Report, type Seen } from "./report.ts";

/** What a node that answered shows of the servers in question, each with its record where the home has one. */
export function sightingsOn(
  node: NodeId,
  report: Report | undefined,
  home: HomeReading | undefined,
  question: Question,
): readonly Sighting[] {
  if (report?.kind !== "answered") return [];
  const listed = report.servers.filter(asks(question)).map((seen) => toSighting(seen, report, node));
  const orphans = lost(report)
    .filter(asks(question))
    .map((seen): Sighting => ({ ...toSighting(seen, report, node), isOrphan: true }));
  return [...listed, ...orphans].map((sighting) => withRecord(sighting, home));
}

/** Processes that the hub, which answers, does not list. */
function lost({ servers, processes = [] }: Answered): readonly Seen[] {
  return processes.filter(({ key }) => !servers.some(isOf(key)));
}

function toSighting(seen: Seen, { atMs, processes }: Answered, node: NodeId): Sighting {
  const { key, evidence, ready, pending, startedAt, lastActivity } = seen;
  const process = seen.process ?? processes?.find(isOf(key))?.process;
  return {
    key,
    node,
    evidence,
    ready,
    seenAtMs: atMs,
    ...(pending !== undefined && { pending }),
    ...(startedAt !== undefined && { startedAt }),
    ...(lastActivity !== undefined && { lastActivity }),
    ...(process !== undefined && { process }),
  };
}

function withRecord(sighting: Sighting, home: HomeReading | undefined): Sighting {
  const record = recordOn(home, sighting.node, sighting.key);
  return record !== undefined && fits(record, sighting) ? { ...sighting, record } : sighting;
}

/** The best first: ready before starting before the rest, then lost ones, then stopping; the one used last; by name. */
export function compareSightings(a: Sighting, b: Sighting): number {
  return (
    rank(a) - rank(b) ||
    compare(b.lastActivity ?? "", a.lastActivity ?? "") ||
    compare(a.key.server, b.key.server) ||
    compare(a.node, b.node)
  );
}

function rank({ ready, pending, isOrphan }: Sighting): number {
  if (pending === "stop") return 4;
  if (isOrphan) return 3;
  if (ready) return 0;
  return pending === "spawn" ? 1 : 2;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
