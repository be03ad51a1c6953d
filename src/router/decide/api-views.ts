import type { ClusterSnapshot, Location, NodeView, Sighting, UserName } from "../../model.ts";
import type { Verdict } from "./journey.ts";
import type { PlacementRecord } from "./way-in.ts";

/** The JSON of `/api/v1`, documented in docs/openapi.yaml; the command line prints the same. */

export interface NodesAnswer {
  readonly takenAt: string;
  readonly nodes: readonly NodeAnswer[];
  /** What is wrong with the hosts file; empty when all is well. */
  readonly problems: readonly HostsFileProblem[];
}

export interface HostsFileProblem {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

export interface NodeAnswer {
  readonly node: string;
  readonly address: string;
  readonly state: "up" | "down" | "unknown";
  /** Why it is down; empty otherwise. */
  readonly detail: string;
  readonly draining: boolean;
  readonly weight: number;
  readonly labels: readonly string[];
  readonly maxServers: number | null;
  readonly lastSeen: string | null;
  readonly load: LoadAnswer | null;
  /** Room held for servers that are starting. */
  readonly reservations: number;
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
}

export interface ServersAnswer {
  readonly user: string;
  /** `unknown`: some node that could have the server does not answer. */
  readonly kind: "found" | "none" | "unknown";
  readonly servers: readonly ServerAnswer[];
  readonly silent: readonly {
    readonly node: string;
    readonly reason: string;
    readonly lastSeen: string | null;
  }[];
}

export interface ServerAnswer {
  /** The empty string is the default server. */
  readonly server: string;
  readonly node: string;
  readonly state: "ready" | "starting" | "stopping" | "stopped";
  readonly lastActivity: string | null;
  readonly seenAt: string;
}

export interface ExplainAnswer extends ServersAnswer {
  /** What a placement would decide now; nothing is reserved. */
  readonly now: PlacementAnswer;
  /** What the last placement was decided by, where it is still known. */
  readonly last: (PlacementAnswer & { readonly at: string }) | null;
}

export interface PlacementAnswer {
  /** Null when no node can take the server. */
  readonly node: string | null;
  readonly verdicts: readonly Verdict[];
}

export function nodesAnswer(
  { nodes, takenAtMs }: ClusterSnapshot,
  problems: readonly HostsFileProblem[],
): NodesAnswer {
  return {
    takenAt: iso(takenAtMs),
    nodes: nodes.map((node) => nodeAnswer(node, takenAtMs)),
    problems: problems.map(({ line, message, remedy }) => ({ line, message, remedy })),
  };
}

function nodeAnswer({ spec, load, reservations, ...view }: NodeView, nowMs: number): NodeAnswer {
  return {
    node: spec.id,
    address: spec.address,
    state: view.state,
    detail: view.detail,
    draining: view.isDraining,
    weight: spec.weight,
    labels: spec.labels,
    maxServers: spec.maxServers ?? null,
    lastSeen: view.lastSeenMs === undefined ? null : iso(view.lastSeenMs),
    load: load === undefined ? null : loadAnswer(load, nowMs),
    reservations: reservations.length,
  };
}

function loadAnswer(load: NonNullable<NodeView["load"]>, nowMs: number): LoadAnswer {
  const { takenAtMs, memoryPressure, ...rest } = load;
  return { ageMs: Math.max(0, nowMs - takenAtMs), ...rest, memoryPressure: memoryPressure ?? null };
}

export function serversAnswer(user: UserName, location: Location): ServersAnswer {
  const sightings = location.kind === "found" ? [location.sighting, ...location.others] : [];
  const silent = location.kind === "unknown" ? location.silent : [];
  return {
    user,
    kind: location.kind,
    servers: sightings.map(serverAnswer),
    silent: silent.map(({ node, reason, lastSeenMs }) => ({
      node,
      reason,
      lastSeen: lastSeenMs === undefined ? null : iso(lastSeenMs),
    })),
  };
}

function serverAnswer({ key, node, ready, pending, lastActivity, seenAtMs }: Sighting): ServerAnswer {
  return {
    server: key.server,
    node,
    state: stateOf(ready, pending),
    lastActivity: lastActivity ?? null,
    seenAt: iso(seenAtMs),
  };
}

function stateOf(ready: boolean, pending: Sighting["pending"]): ServerAnswer["state"] {
  if (pending !== undefined) return pending === "spawn" ? "starting" : "stopping";
  return ready ? "ready" : "stopped";
}

export function explainAnswer(
  where: ServersAnswer,
  now: Omit<PlacementRecord, "atMs">,
  last: PlacementRecord | undefined,
): ExplainAnswer {
  return {
    ...where,
    now: placementAnswer(now),
    last: last === undefined ? null : { at: iso(last.atMs), ...placementAnswer(last) },
  };
}

function placementAnswer({ node, verdicts }: Omit<PlacementRecord, "atMs">): PlacementAnswer {
  return { node: node ?? null, verdicts };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
