import type { NodeId, ServerKey } from "./model.ts";

/** What a server says of itself in its owner's home. The owner may write anything there: to be confirmed, never trusted. */
export interface RuntimeRecord {
  readonly key: ServerKey;
  /** The node whose hub started the server. */
  readonly node: NodeId;
  /** Where its process runs, by that machine's own name. */
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot: with pid and boot it names one process. */
  readonly startTicks: number;
  readonly port: number;
  /** By the node's clock, like the next two. */
  readonly startedAtMs: number;
  readonly writtenAtMs: number;
  readonly lastActivityMs: number;
  readonly kernels: Busyness;
  readonly terminals: Busyness;
  /** Open websockets. */
  readonly connections: number;
  /** Nothing has happened in it since then, by the node's clock. Absent: it is busy, or does not say. */
  readonly idleSinceMs?: number;
  /** The same, open connections left aside. */
  readonly idleButTabsSinceMs?: number;
  /** Of the whole process tree, like the next. */
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

interface Busyness {
  readonly open: number;
  readonly busy: number;
}

/** A record with how long the router has seen it so. */
export interface SeenRecord extends RuntimeRecord {
  /** By the router's clock: since when these very words have been there. */
  readonly unchangedSinceMs: number;
}

/** The place of a server that a starting hub reserved in the user's home. */
export interface Claim {
  readonly id: string;
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly bootId: string;
  /** By the node's clock. */
  readonly createdAtMs: number;
}

/** What one look at a home has found. */
export interface HomeLook {
  readonly ownerUid: number;
  readonly records: readonly RuntimeRecord[];
  readonly claims: readonly Claim[];
  /** Names of files that somebody may just be writing. */
  readonly unfinished: readonly string[];
  /** Processes with a `jpserver-PID.json`. */
  readonly jupyters: readonly number[];
  readonly oddities: readonly string[];
}

/** How many homes could be read at the last look, and how many servers have left no record in theirs. */
export interface HomeCounts {
  readonly read: number;
  readonly unreadable: number;
  readonly serversWithoutRecord: number;
}

/** A Jupyter that a user has started without a hub. */
export interface ForeignJupyter {
  readonly pid: number;
  /** Where it runs; absent if it runs on no node that answers. */
  readonly node?: NodeId;
}

/** What the looks at a user's home have shown. Times of the router's clock. */
export type HomeReading = HomeRead | HomeUnreadable;

export interface HomeRead {
  readonly kind: "read";
  readonly atMs: number;
  readonly ownerUid: number;
  readonly records: readonly SeenRecord[];
  readonly claims: readonly Claim[];
  /** Processes that a Jupyter of the user's own has named here, and no record does. */
  readonly foreign: readonly number[];
  /** What was there and not believed, in words for a person. */
  readonly oddities: readonly string[];
}

export interface HomeUnreadable {
  readonly kind: "unreadable";
  readonly atMs: number;
  readonly reason: string;
  /** What was there when it could be read. */
  readonly last?: HomeRead;
}
