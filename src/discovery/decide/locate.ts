import type { HomeReading } from "../../home-model.ts";
import type { Location, SilentPlace } from "../../sighting.ts";
import type { NodeId } from "../../model.ts";
import { isStale } from "../../record-age.ts";
import { claimOf, keysNamed, lastRead, nodesNamed, recordOn } from "./home-evidence.ts";
import { asks, type Question } from "./question.ts";
import { type Answered, isOf, keysIn, lastAnswer, type Report } from "./report.ts";
import { compareSightings, sightingsOn } from "./sightings.ts";

/** Everything that a decision rests on. */
export interface Evidence {
  /** The nodes there are: those of the hosts file, and those that left it and still have servers. */
  readonly nodes: readonly NodeId[];
  readonly reports: ReadonlyMap<NodeId, Report>;
  /** The user's home; absent where the router does not read homes. */
  readonly home?: HomeReading | undefined;
  readonly memory: Memory;
  readonly nowMs: number;
}

/** What is remembered from before: evidence where not to conclude too early, never a sighting. */
export interface Memory {
  /** Nodes where the server was seen last or assigned to, whether they are in the hosts file or not. */
  readonly mentioned: ReadonlySet<NodeId>;
  /** Nodes all of whose servers are remembered, so that not being mentioned there means not having been there. */
  readonly covered: ReadonlySet<NodeId>;
}

/**
 * Where a server is, as far as nodes and the user's home have told.
 * - A node reports it: found. Several do: the best, with the others beside it.
 * - The home is read: a node that a record or a claim names must have been looked at, its process table too; then
 *   that server is dead. A node that is not named, and where the server was not seen last, has nothing of this user's,
 *   even if it is down.
 * - The home is not read: every node must have answered, but those that surely had nothing: see `mayNeverHaveTold`.
 */
export function locate(evidence: Evidence, question: Question): Location {
  const { nodes, reports, home } = evidence;
  const sightings = nodes.flatMap((node) => sightingsOn(node, reports.get(node), home, question));
  const [sighting, ...others] = sightings.toSorted(compareSightings);
  if (sighting !== undefined) return { kind: "found", sighting, others };
  const claim = claimOf(home, question);
  const supersedes = claim !== undefined && { supersedes: claim.id };
  const silent = silentPlaces(evidence, question);
  return silent.length === 0 ? { kind: "none", ...supersedes } : { kind: "unknown", silent, ...supersedes };
}

/**
 * The nodes of which the hub's list is not enough to say that a server is not there: named by the home, or listed by
 * the hub in the answer before.
 */
export function nodesToSearch(
  { nodes, reports, home }: Pick<Evidence, "nodes" | "reports" | "home">,
  question: Question,
): readonly NodeId[] {
  return nodes.filter((node) => {
    const report = reports.get(node);
    if (report?.kind !== "answered") return false;
    const missed = (report.missed ?? []).filter((key) => asks(question)({ key }));
    const wanted = [...keysNamed(home, question, node), ...missed];
    return wanted.some((key) => !report.servers.some(isOf(key)));
  });
}

function silentPlaces(evidence: Evidence, question: Question): readonly SilentPlace[] {
  const { nodes, home, memory } = evidence;
  const named = nodesNamed(home, question);
  // A node that is gone for good is remembered longer than it has servers; a home that is read names what it has.
  const remembered = home?.kind === "read" ? [] : memory.mentioned;
  const places = [...new Set([...nodes, ...named, ...remembered])].toSorted();
  const doubtful = new Set(nodesToSearch(evidence, question));
  const silent = places.filter((node) => isOpen(node, evidence, question, { named, doubtful }));
  const away = silent.map((node) => describe(node, evidence, question));
  const isHomeAsked = home?.kind === "unreadable" && silent.some((node) => !named.has(node));
  return isHomeAsked ? [...away, describeHome(home)] : away;
}

/** Whether a node may have the server although nothing shows it. */
function isOpen(
  node: NodeId,
  evidence: Evidence,
  question: Question,
  { named, doubtful }: { readonly named: ReadonlySet<NodeId>; readonly doubtful: ReadonlySet<NodeId> },
): boolean {
  const { reports, home, memory } = evidence;
  const report = evidence.nodes.includes(node) ? reports.get(node) : undefined;
  if (report?.kind === "answered") {
    const isUnsearched = doubtful.has(node) && report.processes === undefined;
    return isUnsearched || hostBehind(node, report, evidence, question) !== undefined;
  }
  if (named.has(node) || wasThere(node, report, question, memory)) return true;
  return home?.kind !== "read" && mayNeverHaveTold(node, report, memory);
}

/**
 * The other machine on which a server of this hub runs, a batch job for instance, by a record that is being written and
 * a claim that stands: a hub that knows of the end, as its batch system tells it, has removed the claim.
 */
function hostBehind(
  node: NodeId,
  { host }: Answered,
  { home, nowMs }: Evidence,
  question: Question,
): string | undefined {
  if (host === undefined) return undefined;
  const { records = [], claims = [] } = lastRead(home) ?? {};
  const held = claims.filter((claim) => claim.node === node && asks(question)(claim));
  const live = records.filter((record) => record.node === node && !isStale(record, nowMs));
  return live.find((record) => record.host !== host && held.some(isOf(record.key)))?.host;
}

/**
 * Whether a silent node had the server by its last answer or by what is remembered. That counts also where the home
 * names nothing: in a home without room a server leaves neither claim nor record.
 */
function wasThere(node: NodeId, report: Report | undefined, question: Question, memory: Memory): boolean {
  if (memory.mentioned.has(node)) return true;
  const last = lastAnswer(report);
  return last !== undefined && keysIn(last).some((key) => asks(question)({ key }));
}

/**
 * Whether a silent node has not answered since the router started and is not covered: nobody knows what runs there. So
 * a dead node holds up neither newcomers nor those whose servers were seen elsewhere, as long as the memory reaches
 * back to before its death; without that memory the answer is "unknown", which lets the user wait or start elsewhere
 * knowingly.
 */
function mayNeverHaveTold(node: NodeId, report: Report | undefined, memory: Memory): boolean {
  return lastAnswer(report) === undefined && !memory.covered.has(node);
}

function describe(node: NodeId, evidence: Evidence, question: Question): SilentPlace {
  const { nodes, reports, home } = evidence;
  const report = nodes.includes(node) ? reports.get(node) : undefined;
  const last = lastAnswer(report);
  const record = recordOn(home, node, question);
  return {
    node,
    reason: nodes.includes(node) ? reasonOf(node, evidence, question) : "it is no longer in the hosts file",
    ...(last !== undefined && { lastSeenMs: last.atMs }),
    ...(record !== undefined && { record }),
  };
}

function reasonOf(node: NodeId, evidence: Evidence, question: Question): string {
  const report = evidence.reports.get(node);
  if (report === undefined) return "it has not been asked yet";
  if (report.kind === "silent") return report.reason;
  const host = hostBehind(node, report, evidence, question);
  if (host === undefined) return "it did not show which servers run there";
  return `its hub does not know your server, which runs on ${host} as its record says`;
}

function describeHome({ reason, last }: Extract<HomeReading, { kind: "unreadable" }>): SilentPlace {
  return { reason, ...(last !== undefined && { lastSeenMs: last.atMs }) };
}
