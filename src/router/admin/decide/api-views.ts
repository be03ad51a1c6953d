import type { HomeCounts } from "../../../home-model.ts";
import type {
  Closure,
  Gpu,
  HubState,
  HubView,
  NodeOrder,
  NodeTrouble,
  NodeView,
  OrderOutcome,
  ServerKey,
} from "../../../model.ts";
import { iso } from "../../../wall-clock.ts";
import type { ExplainedWish, Membership } from "../../way-in/decide/choice.ts";
import type { ClusterSource, HostsFileProblem } from "./cluster-source.ts";
import type { Verdict } from "../../way-in/decide/journey.ts";
import type { OccupantAnswer } from "./occupants.ts";
import type { ServersAnswer } from "./servers-answer.ts";
import type { PlacementRecord } from "../../way-in/decide/way-in.ts";

/** The JSON of `/api/v1`, documented in docs/openapi.yaml; the command line prints the same. */

export interface NodesAnswer {
  readonly takenAt: string;
  readonly nodes: readonly NodeAnswer[];
  /** What is wrong with the hosts file; empty when all is well. */
  readonly problems: readonly HostsFileProblem[];
  readonly homes: HomeCounts;
}

export interface NodeAnswer {
  readonly node: string;
  readonly address: string;
  readonly state: "up" | "down" | "unknown";
  /** Why it is down; empty otherwise. */
  readonly detail: string;
  /** What it suffers from, the worst first, and what to do about it. */
  readonly troubles: readonly NodeTrouble[];
  /** Null: it cannot be told. */
  readonly hub: HubAnswer | null;
  /** It went down too often, and takes no new servers until then. */
  readonly dampedUntil: string | null;
  /** What to see to although it works; empty when all is well. */
  readonly warnings: readonly string[];
  /** Null: it takes new servers. */
  readonly closure: ClosureAnswer | null;
  /** It has left the hosts file, and goes when nothing runs there any more. */
  readonly leaving: boolean;
  readonly weight: number;
  readonly labels: readonly string[];
  readonly maxServers: number | null;
  readonly lastSeen: string | null;
  readonly load: LoadAnswer | null;
  /** Room held for servers that are starting. */
  readonly reservations: number;
}

/** One node, and who is on it. */
export interface NodeDetailAnswer extends NodeAnswer {
  readonly occupants: readonly OccupantAnswer[];
}

interface HubAnswer {
  readonly state: HubState;
  readonly detail: string;
  readonly since: string;
  readonly version: string | null;
}

interface ClosureAnswer {
  readonly state: Closure["state"];
  /** State and reason, in words. */
  readonly words: string;
  /** What was asked of it; null if nothing was. */
  readonly order: OrderAnswer | null;
  /** The maintenance for which it is closed. */
  readonly maintenance: { readonly start: string; readonly end: string } | null;
}

interface OrderAnswer {
  readonly kind: "cordon" | "drain";
  readonly by: string;
  readonly at: string;
  /** When a cordon ends, or a drain is to be done. */
  readonly end: string | null;
  readonly reason: string | null;
}

export interface OrderedAnswer {
  readonly node: string;
  /** Nothing was asked of the node, only shown. */
  readonly dryRun: boolean;
  readonly before: ClosureAnswer | null;
  readonly after: ClosureAnswer | null;
  /** Running there; null if that is not known. */
  readonly servers: number | null;
  /** Those of them that are known. */
  readonly occupants: readonly OccupantAnswer[];
}

export interface LoadAnswer {
  readonly ageMs: number;
  readonly clockOffsetMs: number;
  readonly cores: number;
  readonly load1: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly memoryPressure: number | null;
  readonly servers: number;
  readonly users: number;
  /** What of these is null, the node's agent does not tell. */
  readonly serverBytes: number | null;
  readonly largestServerBytes: number | null;
  readonly stateDisk: { readonly freeBytes: number; readonly totalBytes: number } | null;
  readonly gpus: readonly GpuAnswer[] | null;
}

export interface GpuAnswer extends Omit<Gpu, "use" | "holders"> {
  readonly use: number | null;
  readonly holders: readonly ServerKey[];
}

export interface ExplainAnswer extends ServersAnswer {
  /** What their server asks for beyond memory and processors. */
  readonly asks: AsksAnswer;
  /** What a placement would decide now; nothing is reserved. */
  readonly now: PlacementAnswer;
  /** What the last placement was decided by, where it is still known. */
  readonly last: (PlacementAnswer & { readonly at: string }) | null;
}

export interface AsksAnswer {
  /** The kind of machine the user chose; null if none. */
  readonly choice: string | null;
  readonly labels: readonly string[];
  readonly gpus: number;
  /** The groups the user is in, by whose word, and the labels their members ask for. */
  readonly groups: readonly Membership[];
  /** Why these may be out of date; empty if they are not. */
  readonly trouble: string;
}

export interface PlacementAnswer {
  /** Null when no node can take the server. */
  readonly node: string | null;
  readonly verdicts: readonly Verdict[];
}

export function nodesAnswer(cluster: ClusterSource, homes: HomeCounts): NodesAnswer {
  const { nodes, takenAtMs } = cluster.snapshot();
  return {
    takenAt: iso(takenAtMs),
    nodes: nodes.map((node) => nodeAnswer(node, cluster.warnings(node.spec.id), takenAtMs)),
    problems: cluster.problems().map(({ line, message, remedy }) => ({ line, message, remedy })),
    homes,
  };
}

function nodeAnswer(
  { spec, load, reservations, ...view }: NodeView,
  ownWarnings: readonly string[],
  nowMs: number,
): NodeAnswer {
  return {
    node: spec.id,
    address: spec.address,
    state: view.state,
    detail: view.detail,
    troubles: view.troubles ?? [],
    hub: hubAnswer(view.hub),
    dampedUntil: view.damping === undefined ? null : iso(view.damping.untilMs),
    warnings: [...ownTroubles(view).map(troubleWords), ...ownWarnings],
    closure: closureAnswer(view.closure),
    leaving: spec.isLeaving === true,
    weight: spec.weight,
    labels: spec.labels,
    maxServers: spec.maxServers ?? null,
    lastSeen: view.lastSeenMs === undefined ? null : iso(view.lastSeenMs),
    load: load === undefined ? null : loadAnswer(load, nowMs),
    reservations: reservations.length,
  };
}

/** Those beside what has it down, which is its detail. */
function ownTroubles({ state, detail, troubles = [] }: Pick<NodeView, "state" | "detail" | "troubles">) {
  return state === "down" ? troubles.filter(({ words }) => words !== detail) : troubles;
}

function troubleWords({ words, remedy }: NodeTrouble): string {
  return remedy === "" ? words : `${words}: ${remedy}`;
}

function hubAnswer(hub: HubView | undefined): HubAnswer | null {
  if (hub === undefined) return null;
  const { state, detail, sinceMs, version = null } = hub;
  return { state, detail, since: iso(sinceMs), version };
}

function closureAnswer(closure: Closure | undefined): ClosureAnswer | null {
  if (closure === undefined) return null;
  const { state, words, order, maintenance: span } = closure;
  const maintenance = span === undefined ? null : { start: iso(span.startMs), end: iso(span.endMs) };
  return { state, words, order: order === undefined ? null : orderAnswer(order), maintenance };
}

function orderAnswer(order: NodeOrder): OrderAnswer {
  const { kind, by, atMs, reason = null } = order;
  const endMs = order.kind === "cordon" ? order.untilMs : order.deadlineMs;
  return { kind, by, at: iso(atMs), end: endMs === undefined ? null : iso(endMs), reason };
}

export function orderedAnswer(
  node: string,
  dryRun: boolean,
  outcome: OrderOutcome,
  occupants: readonly OccupantAnswer[],
): OrderedAnswer {
  const { before, after, servers = null } = outcome;
  return { node, dryRun, before: closureAnswer(before), after: closureAnswer(after), servers, occupants };
}

function loadAnswer(load: NonNullable<NodeView["load"]>, nowMs: number): LoadAnswer {
  const { takenAtMs, clockOffsetMs, cores, load1, memoryTotalBytes, memoryAvailableBytes } = load;
  const { servers, users, memoryPressure, serverBytes, largestServerBytes, stateDisk, gpus } = load;
  return {
    ...{ clockOffsetMs, cores, load1, memoryTotalBytes, memoryAvailableBytes, servers, users },
    memoryPressure: memoryPressure ?? null,
    serverBytes: serverBytes ?? null,
    largestServerBytes: largestServerBytes ?? null,
    stateDisk: stateDisk ?? null,
    ageMs: Math.max(0, nowMs - takenAtMs),
    gpus: gpus?.map(gpuAnswer) ?? null,
  };
}

function gpuAnswer({ use, holders, ...gpu }: Gpu): GpuAnswer {
  return { ...gpu, use: use ?? null, holders: holders.map(({ user, server }) => ({ user, server })) };
}

export function explainAnswer(
  where: ServersAnswer,
  { choice, labels, gpus, memberships, trouble }: ExplainedWish,
  now: Omit<PlacementRecord, "atMs">,
  last: PlacementRecord | undefined,
): ExplainAnswer {
  return {
    ...where,
    asks: { choice: choice ?? null, labels, gpus, groups: memberships, trouble },
    now: placementAnswer(now),
    last: last === undefined ? null : { at: iso(last.atMs), ...placementAnswer(last) },
  };
}

function placementAnswer({ node, verdicts }: Omit<PlacementRecord, "atMs">): PlacementAnswer {
  return { node: node ?? null, verdicts };
}
