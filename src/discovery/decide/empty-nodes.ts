import type { HomeReading } from "../../home-model.ts";
import type { NodeId } from "../../model.ts";
import { lastRead } from "./home-evidence.ts";
import { keysIn, lastAnswer, type Report } from "./report.ts";

export interface Emptiness {
  readonly reports: ReadonlyMap<NodeId, Report>;
  readonly homes: Iterable<HomeReading>;
  readonly nowMs: number;
  /** Since when the router has looked. */
  readonly sinceMs: number;
  /** How long a node must have been silent before it counts as empty, if nothing says that it is not. */
  readonly silentMs: number;
}

/**
 * Those of the leaving nodes where nothing runs any more: by hub and process table; of a node that has long been
 * silent, by its last answer and all homes.
 */
export function emptyNodes(leaving: readonly NodeId[], look: Emptiness): readonly NodeId[] {
  const named = new Set([...look.homes].flatMap(nodesIn));
  return leaving.filter((node) => isEmpty(look.reports.get(node), named.has(node), look));
}

function isEmpty(report: Report | undefined, isNamed: boolean, look: Emptiness): boolean {
  if (report?.kind === "answered") return keysIn(report).length === 0 && report.processes?.length === 0;
  const last = lastAnswer(report);
  if (isNamed || (last !== undefined && keysIn(last).length > 0)) return false;
  return look.nowMs - (last?.atMs ?? look.sinceMs) >= look.silentMs;
}

function nodesIn(home: HomeReading): readonly NodeId[] {
  const { records = [], claims = [] } = lastRead(home) ?? {};
  return [...records, ...claims].map(({ node }) => node);
}
