import type { Location, NodeId, ServerName, Sighting, SilentPlace, UserName } from "../../model.ts";
import type { Report, Seen } from "./report.ts";

/** Which server is looked for; every server of the user without a name. */
export interface Question {
  readonly user: UserName;
  readonly server?: ServerName;
}

/** What is remembered from before: evidence where not to conclude too early, never a sighting. */
export interface Memory {
  /** Nodes where the server was seen last or assigned to, whether they are in the hosts file or not. */
  readonly mentioned: ReadonlySet<NodeId>;
  /** Nodes all of whose servers are remembered, so that not being mentioned there means not having been there. */
  readonly covered: ReadonlySet<NodeId>;
}

/**
 * Where a server is, as far as nodes have told.
 * - Somebody reports it: found. Several do: the best, with the others beside it.
 * - Nobody does: none, unless a silent node may have it. A silent node may have it if it is mentioned, if its last
 *   answer listed it, or if it has not answered since the router started and is not covered. So a dead node holds up
 *   neither newcomers nor those whose servers were seen elsewhere, as long as the memory reaches back to before its
 *   death; without that memory the answer is "unknown", which lets the user wait or start elsewhere knowingly.
 */
export function locate(
  nodes: readonly NodeId[],
  reports: ReadonlyMap<NodeId, Report>,
  question: Question,
  memory: Memory,
): Location {
  const sightings = nodes.flatMap((node) => sightingsOn(node, reports.get(node), question));
  const [sighting, ...others] = sightings.toSorted(compare);
  if (sighting !== undefined) return { kind: "found", sighting, others };
  const places = [...new Set([...nodes, ...memory.mentioned])].toSorted();
  const silent = places.flatMap((node) => {
    const report = nodes.includes(node) ? reports.get(node) : undefined;
    return mayHold(node, report, question, memory) ? [describe(node, report, nodes)] : [];
  });
  return silent.length === 0 ? { kind: "none" } : { kind: "unknown", silent };
}

function sightingsOn(node: NodeId, report: Report | undefined, question: Question): Sighting[] {
  if (report?.kind !== "answered") return [];
  return report.servers.filter(matches(question)).map((seen) => {
    const { key, evidence, ready, pending, lastActivity } = seen;
    return {
      key,
      node,
      evidence,
      ready,
      seenAtMs: report.atMs,
      ...(pending !== undefined && { pending }),
      ...(lastActivity !== undefined && { lastActivity }),
    };
  });
}

function mayHold(node: NodeId, report: Report | undefined, question: Question, memory: Memory): boolean {
  if (report?.kind === "answered") return false;
  if (memory.mentioned.has(node)) return true;
  if (report?.last !== undefined) return report.last.servers.some(matches(question));
  return !memory.covered.has(node);
}

/** Whether a report is about the server that is looked for. */
export function matches({ user, server }: Question): (seen: Seen) => boolean {
  return ({ key }) => key.user === user && (server === undefined || key.server === server);
}

function describe(node: NodeId, report: Report | undefined, nodes: readonly NodeId[]): SilentPlace {
  const reason = nodes.includes(node) ? "it has not been asked yet" : "it is no longer in the hosts file";
  if (report?.kind !== "silent") return { node, reason };
  return {
    node,
    reason: report.reason,
    ...(report.last !== undefined && { lastSeenMs: report.last.atMs }),
  };
}

/** Ready before starting before the rest before stopping; then the one used last; then by name. */
function compare(a: Sighting, b: Sighting): number {
  return (
    rank(a) - rank(b) ||
    text(b.lastActivity ?? "", a.lastActivity ?? "") ||
    text(a.key.server, b.key.server) ||
    text(a.node, b.node)
  );
}

function rank({ ready, pending }: Sighting): number {
  if (pending === "stop") return 3;
  if (ready) return 0;
  return pending === "spawn" ? 1 : 2;
}

function text(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
