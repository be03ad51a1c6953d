/** The words of the project as types. Values here are trusted: they were parsed at the edge. */

/** A machine in the hosts file, by the name it has in URLs: `/n/<node>/`. */
export type NodeId = string & { readonly brand: "NodeId" };

/** A user by the name JupyterHub knows them by (already normalised). */
export type UserName = string & { readonly brand: "UserName" };

/** A server of a user; the default server's name is the empty string. */
export type ServerName = string & { readonly brand: "ServerName" };

export const DEFAULT_SERVER = "" as ServerName;

/** What everything about servers is keyed by. */
export interface ServerKey {
  readonly user: UserName;
  readonly server: ServerName;
}

/** One line of the hosts file, with group and global variables merged in. */
export interface NodeSpec {
  readonly id: NodeId;
  readonly address: string;
  readonly sshPort: number;
  /** Absent: the user of `~/.ssh/config`, else root. */
  readonly sshUser?: string;
  readonly become: "none" | "sudo";
  readonly transport: "ssh" | "direct";
  /** Share of users relative to the other nodes; 1 unless said. */
  readonly weight: number;
  /** Labels and groups, sorted, without repetition. */
  readonly labels: readonly string[];
  readonly maxServers?: number;
  /** Path of the `jupyterhub` command where the agent cannot find it by itself. */
  readonly jupyterhub?: string;
  /** Path of `configurable-http-proxy`, likewise. */
  readonly proxyCommand?: string;
}

/** What a node said of its load. Times of the router's clock, in milliseconds. */
export interface LoadSample {
  readonly takenAtMs: number;
  /** The node's clock minus the router's. */
  readonly clockOffsetMs: number;
  readonly cores: number;
  readonly load1: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Share of time some task waited for memory over 10 s (PSI), where the kernel tells. */
  readonly memoryPressure?: number;
  /** Running single-user servers, and the users who own them. */
  readonly servers: number;
  readonly users: number;
}

/** Room held on a node for a server that is starting. */
export interface Reservation {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly memoryBytes: number;
  readonly expiresAtMs: number;
}

export type NodeState = "unknown" | "up" | "down";

/** One node in a cluster snapshot. */
export interface NodeView {
  readonly spec: NodeSpec;
  readonly state: NodeState;
  /** Why it is down, in words for a person; empty when it is up. */
  readonly detail: string;
  /** When the router last heard from it. */
  readonly lastSeenMs?: number;
  readonly load?: LoadSample;
  readonly isDraining: boolean;
  readonly reservations: readonly Reservation[];
}

/** One immutable view of all nodes. */
export interface ClusterSnapshot {
  readonly takenAtMs: number;
  readonly nodes: readonly NodeView[];
}

/** A rejected or accepted node of a placement, with its reasons, in words for a person. */
export interface NodeVerdict {
  readonly node: NodeId;
  readonly accepted: boolean;
  /** Projected use of the scarcest resource after the start, 0..1, weighted; lower is better. */
  readonly score?: number;
  readonly reasons: readonly string[];
}

/** The outcome of a placement, with a verdict on every node: accepted ones first, best first. */
export type Placement =
  | { readonly kind: "placed"; readonly node: NodeId; readonly verdicts: readonly NodeVerdict[] }
  | { readonly kind: "none"; readonly verdicts: readonly NodeVerdict[] };

/** A server in a hub's own list. */
export interface HubServer {
  readonly key: ServerKey;
  readonly ready: boolean;
  /** "spawn" or "stop" while the hub is at it. */
  readonly pending?: "spawn" | "stop";
  readonly startedAt?: string;
  readonly lastActivity?: string;
}

/** A validated observation "user U has server S on node N", with its evidence and age. */
export interface Sighting {
  readonly key: ServerKey;
  readonly node: NodeId;
  /** The hub's own list, or, while the hub is away, the node's process table. */
  readonly evidence: "hub-list" | "process-list";
  readonly ready: boolean;
  readonly pending?: "spawn" | "stop";
  readonly seenAtMs: number;
  readonly lastActivity?: string;
}

/** Where a server is: found, or surely nowhere, or unknown because some place could not be looked at. */
export type Location =
  | { readonly kind: "found"; readonly sighting: Sighting; readonly others: readonly Sighting[] }
  | { readonly kind: "none" }
  | { readonly kind: "unknown"; readonly silent: readonly SilentPlace[] };

/** A place that could not be looked at, and why. */
export interface SilentPlace {
  readonly node: NodeId;
  readonly reason: string;
  readonly lastSeenMs?: number;
}

/** A Unix account as the nodes' `getent` tells it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly groups: readonly string[];
}

/** Names a node in a URL, a cookie path and a log: lower-case letters, digits, dots, dashes. */
export function parseNodeId(text: string): NodeId | undefined {
  const isName = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(text) && !text.includes("..");
  return isName ? (text as NodeId) : undefined;
}

/** One string for a key, for maps and caches: user names hold no slash. */
export function keyText({ user, server }: ServerKey): string {
  return `${user}/${server}`;
}
