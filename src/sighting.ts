import type { SeenRecord } from "./home-model.ts";
import type { NodeId, ServerKey } from "./model.ts";

/** A validated observation "user U has server S on node N", with its evidence and age. */
export interface Sighting {
  readonly key: ServerKey;
  readonly node: NodeId;
  /** The hub's own list, or, while the hub is away, the node's process table. */
  readonly evidence: "hub-list" | "process-list";
  readonly ready: boolean;
  readonly pending?: "spawn" | "stop";
  readonly seenAtMs: number;
  readonly startedAt?: string;
  readonly lastActivity?: string;
  /** What the server says of itself in its owner's home. */
  readonly record?: SeenRecord;
  /** As the node's process table has it, where that was asked. */
  readonly process?: ProcessIdentity;
  /** The process is there, and its hub answers and does not list it. */
  readonly isOrphan?: true;
}

/** One process and no other: pids are used again, and after another boot so are both numbers. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}

/** Where a server is: found, or surely nowhere, or unknown because some place could not be looked at. */
export type Location =
  | { readonly kind: "found"; readonly sighting: Sighting; readonly others: readonly Sighting[] }
  | ({ readonly kind: "none" } & Replaceable)
  | ({ readonly kind: "unknown"; readonly silent: readonly SilentPlace[] } & Replaceable);

interface Replaceable {
  /** The id of the claim that a start may replace: a dead server's, or that of one which its owner gives up. */
  readonly supersedes?: string;
}

/** A place that could not be looked at, and why. */
export interface SilentPlace {
  /** Absent: the user's home. */
  readonly node?: NodeId;
  readonly reason: string;
  readonly lastSeenMs?: number;
  /** The record by which the home names this node. */
  readonly record?: SeenRecord;
}
