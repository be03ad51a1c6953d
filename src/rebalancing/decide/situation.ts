import type { ClusterSnapshot, NodeId, ServerKey } from "../../model.ts";
import type { RebalanceMode, StopNotice } from "../../plan.ts";
import type { ProcessIdentity } from "../../sighting.ts";

/** All that a plan is made from, as of one moment. Times are of the router's clock, in milliseconds. */
export interface Situation {
  readonly atMs: number;
  readonly mode: RebalanceMode;
  /** "schedule", or who has asked for a plan. */
  readonly trigger: string;
  readonly cluster: ClusterSnapshot;
  readonly servers: readonly RunningServer[];
  readonly hubs: readonly HubUse[];
  readonly past: Past;
  /** By `keyText`: until when its owner wants a server kept. */
  readonly kept: ReadonlyMap<string, number>;
  readonly notices: readonly StopNotice[];
}

/** A server that surely runs there. The same key twice: its owner has two of one name. */
export interface RunningServer {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly startedAtMs?: number;
  /** Absent: no order can be addressed to it. */
  readonly process?: ProcessIdentity;
  /** Absent: it says nothing of itself. */
  readonly activity?: Activity;
}

/** What a server says of its use. */
export interface Activity {
  readonly saidAtMs: number;
  /** Nothing has happened in it since, and nobody is connected. Absent: it is in use. */
  readonly idleSinceMs?: number;
  /** The same, if open tabs are not counted: never later than `idleSinceMs`. Absent: something computes. */
  readonly idleButTabsSinceMs?: number;
  /** What keeps it from being idle, such as "a kernel is busy". */
  readonly busyWith?: string;
  /** Of the whole process tree. */
  readonly memoryBytes: number;
}

/** A node's hub, and since when nobody has had a server there. */
export interface HubUse {
  readonly node: NodeId;
  readonly isRunning: boolean;
  readonly emptySinceMs?: number;
  /** It is a lobby, or to be kept warm. */
  readonly isKept: boolean;
}

/** What was done before. */
export interface Past {
  /** Servers that were stopped by plans of the last day, with where they ran then. */
  readonly moves: readonly PastMove[];
  /** Servers that were asked to stop in the last day and did not; absent: none. */
  readonly refusals?: readonly PastMove[];
  /** Nodes that were hot at the last run. */
  readonly hot: readonly NodeId[];
}

export interface PastMove {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly atMs: number;
}
