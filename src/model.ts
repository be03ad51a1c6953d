import type { LossCause } from "./node-loss.ts";

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
  /** Its servers are jobs on other machines: they are counted, and its own memory and load do not matter. */
  readonly places?: "jobs";
  /** Path of the `jupyterhub` command where the agent cannot find it by itself. */
  readonly jupyterhub?: string;
  /** Path of `configurable-http-proxy`, likewise. */
  readonly proxyCommand?: string;
  /** When it is out of service, by the clocks of the router's time zone. */
  readonly maintenance?: Maintenance;
  /** It is no longer in the hosts file, and not yet empty: nothing is placed there, what runs there is reached. */
  readonly isLeaving?: true;
}

/** Windows that come again and again, or once. */
export interface Maintenance {
  readonly windows: readonly MaintenanceWindow[];
  /** For so long before each the node takes no new servers. */
  readonly leadMs: number;
}

export interface MaintenanceWindow {
  /** On which it begins: "daily", "sun" ... "sat", or a date such as "2026-12-24". */
  readonly day: string;
  /** "02:00". */
  readonly from: string;
  /** From the day on which it begins to the one on which it ends. */
  readonly days: number;
  readonly to: string;
}

/** One maintenance of a node. Times of the router's clock. */
export interface MaintenanceSpan {
  /** The node takes no new servers from then on. */
  readonly closesMs: number;
  readonly startMs: number;
  readonly endMs: number;
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
  readonly serversCountedAtMs?: number;
  /** Their memory together, and that of the largest, measured now and then. */
  readonly serverBytes?: number;
  readonly largestServerBytes?: number;
  /** Where its hub keeps its state. */
  readonly stateDisk?: { readonly freeBytes: number; readonly totalBytes: number };
  /** Absent: no tool of their makers tells of any, or has lately. */
  readonly gpus?: readonly Gpu[];
  /** Servers that were measured for this very sample. */
  readonly sizes?: readonly ServerSize[];
}

/** A device, as its maker's tool names and measures it. */
export interface Gpu {
  readonly kind: "nvidia" | "amd";
  /** What servers are told of it: the UUID, or on AMD the number. */
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly memoryTotalBytes: number;
  readonly memoryUsedBytes: number;
  /** Share of the time in which it computed, where it tells. */
  readonly use?: number;
  /** The servers it was given to, and who runs them: by their own word. */
  readonly holders: readonly (ServerKey & { readonly uid: number })[];
}

/** Devices that a server may use; none hides them all from it. */
export interface GpuGrant {
  readonly kind: Gpu["kind"];
  readonly ids: readonly string[];
}

/** What a server asks for beyond memory and processors. */
export interface Wish {
  /** Labels its node must have, every one. */
  readonly labels: readonly string[];
  readonly gpus: number;
}

export interface ServerSize {
  readonly key: ServerKey;
  /** Who runs it: whether this is the user it names remains to be seen. */
  readonly uid: number;
  /** With its kernels and terminals. */
  readonly rssBytes: number;
}

/** What an admin asked of a node, which keeps it itself. Times of the router's clock. */
export type NodeOrder = (
  | { readonly kind: "cordon"; /** It ends by itself then. */ readonly untilMs?: number | undefined }
  | {
      readonly kind: "drain";
      /** The node is to be empty by then. */ readonly deadlineMs?: number | undefined;
    }
) & { readonly by: string; readonly atMs: number; readonly reason?: string | undefined };

/** Why a node takes no new servers; those that run there stay, and their users come back to them. */
export interface Closure {
  /** "drained": it was to become empty, and is. */
  readonly state: "cordoned" | "draining" | "drained";
  /** State and reason, for a person. */
  readonly words: string;
  /** Absent: it is closed for maintenance, or has left the hosts file. */
  readonly order?: NodeOrder;
  readonly maintenance?: MaintenanceSpan;
}

/** What an order has changed, or would. */
export interface OrderOutcome {
  readonly before?: Closure | undefined;
  readonly after?: Closure | undefined;
  /** Running there, if that is known. */
  readonly servers?: number | undefined;
}

/** Room held on a node for a server that is starting. */
export interface Reservation {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly memoryBytes: number;
  /** The devices it is given, by their names. */
  readonly gpus?: readonly string[];
  readonly expiresAtMs: number;
}

export type NodeState = "unknown" | "up" | "down";

/** How the JupyterHub of a node is. "incompatible": the node lacks what one needs. */
export type HubState = "absent" | "starting" | "ready" | "failing" | "incompatible";

export interface HubView {
  readonly state: HubState;
  /** Why it is failing or incompatible, in words; empty otherwise. */
  readonly detail: string;
  /** The code of that failure. */
  readonly code?: string;
  readonly sinceMs: number;
  /** Of JupyterHub, where it is known. */
  readonly version?: string;
}

/** Why a node does not work, or what to see to although it does: few enough for a metric's label. */
export type NodeTroubleCode =
  | LossCause
  | "clock-off"
  | "no-memory"
  | "disk-full"
  | "jupyterhub-missing"
  | "jupyterhub-too-old"
  | "proxy-missing"
  | "hub-failing"
  | "unsteady";

export interface NodeTrouble {
  readonly code: NodeTroubleCode;
  readonly words: string;
  /** What a person can do about it; empty where waiting is all. */
  readonly remedy: string;
}

/** A node that went down several times in a short while takes no new servers until it has been steady. */
export interface Damping {
  readonly words: string;
  readonly downs: number;
  readonly untilMs: number;
}

/** One node in a cluster snapshot. */
export interface NodeView {
  readonly spec: NodeSpec;
  readonly state: NodeState;
  /** Why it is down, in words for a person; empty when it is up. */
  readonly detail: string;
  /** The worst first; absent: none. What has it down is among them. */
  readonly troubles?: readonly NodeTrouble[];
  /** When the router last heard from it. */
  readonly lastSeenMs?: number;
  readonly load?: LoadSample;
  /** Servers that count against its limit; absent: its hub does not say, and those of its load do. */
  readonly listedServers?: number;
  /** Absent: it cannot be told, as when the node is down. */
  readonly hub?: HubView;
  /** Absent: it is steady. */
  readonly damping?: Damping;
  /** Absent: it takes new servers. */
  readonly closure?: Closure;
  readonly reservations: readonly Reservation[];
  readonly growing: readonly Pick<Reservation, "key" | "memoryBytes">[];
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

/** What nodes have left for servers of a kind. */
export interface Offer {
  readonly nodes: number;
  /** Of the node that would be taken, and of how many it has what. */
  readonly best?: {
    readonly node: NodeId;
    readonly freeBytes: number;
    readonly idleCores: number;
    readonly freeGpus: number;
    readonly gpus: number;
    readonly areGpusShared: boolean;
  };
}

/** A server in a hub's own list. */
export interface HubServer {
  readonly key: ServerKey;
  readonly ready: boolean;
  /** "spawn" or "stop" while the hub is at it. */
  readonly pending?: "spawn" | "stop";
  readonly startedAt?: string;
  readonly lastActivity?: string;
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
