import type { Duplex } from "node:stream";
import type { Account, HubServer, Location, NodeId, Placement, ServerKey, UserName } from "./model.ts";

export type { NodeVerdict, Placement } from "./model.ts";

/** What services need from outside, as interfaces. `io/` implements them, tests fake them. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with `signal.reason` when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborts once, with a TimeoutError, `ms` from now. */
  deadline(ms: number): AbortSignal;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An unguessable string of `bytes` random bytes, base64url. */
  token(bytes: number): string;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Service {
  start(): Promise<void>;
  /** Idempotent; resolves when nothing of ours is still running. */
  stop(): Promise<void>;
}

export type AgentVerb =
  "facts" | "account" | "status" | "start-hub" | "stop-hub" | "sample" | "servers" | "listeners";

/** Runs verbs of the agent on a node. Failures are `AppError`s: the SSH codes, AGENT_*, or the agent's own. */
export interface NodeAgent {
  /** Resolves with the `result` of the agent's last line, unparsed; progress lines go to `onProgress`. */
  call(
    node: NodeId,
    verb: AgentVerb,
    input: object,
    signal: AbortSignal,
    onProgress?: (text: string) => void,
  ): Promise<unknown>;
  /** Streams items of `sample` until the node ends it (resolves) or the connection is lost (rejects). */
  stream(
    node: NodeId,
    verb: "sample",
    input: object,
    onItem: (item: unknown) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * A byte stream to a port of a node: a channel of its SSH connection, or TCP where `transport: direct`.
 * The other side's end leaves ours open: whoever dials ends or destroys the stream.
 */
export interface NodeDialer {
  dial(node: NodeId, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** A hub's REST API, on behalf of the router. */
export interface HubApi {
  /** The active servers in the hub's own list. */
  listServers(node: NodeId, signal: AbortSignal): Promise<readonly HubServer[]>;
  /** The servers of one user, as the hub lists them now. */
  serversOf(node: NodeId, user: UserName, signal: AbortSignal): Promise<readonly HubServer[]>;
  /** Makes the user known to the hub; throws USER_REFUSED with the hub's reason. */
  introduce(node: NodeId, ticket: string, signal: AbortSignal): Promise<void>;
  /** Asks for a start; resolves as soon as the hub has accepted (also when it is already running). */
  startServer(node: NodeId, key: ServerKey, signal: AbortSignal): Promise<void>;
  /** Follows a start to its end; throws SERVER_FAILED with the hub's words. */
  followStart(
    node: NodeId,
    key: ServerKey,
    onProgress: (text: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  stopServer(node: NodeId, key: ServerKey, signal: AbortSignal): Promise<void>;
  /** Ends what a browser session may do on the hub. */
  signOut(node: NodeId, ticket: string, signal: AbortSignal): Promise<void>;
}

/** Who may sign in, by a lobby hub's word. */
export interface Lobby {
  /** Exchanges an OAuth code for the visitor's identity; the token used on the way is revoked. */
  identify(node: NodeId, code: string, signal: AbortSignal): Promise<Identity>;
}

export interface Identity {
  readonly user: UserName;
  readonly groups: readonly string[];
  readonly isAdmin: boolean;
}

/** Keeps hubs running: starts one where it is needed. */
export interface HubKeeper {
  /** Resolves when the node's hub is ready and surely ours. Concurrent callers share one start. */
  ensureReady(node: NodeId, onProgress: (text: string) => void, signal: AbortSignal): Promise<void>;
}

/** Says, without starting anything, whether a node's hub may be asked. */
export interface HubWatch {
  /** "ready": it answers, and is surely ours. Throws LISTENER_NOT_HUB, and why a node cannot be reached. */
  look(node: NodeId, signal: AbortSignal): Promise<"ready" | "absent">;
  /** What was known of the node's hub may be wrong now: look again before it is used. */
  suspect(node: NodeId): void;
}

/** Finds where a user's server runs. */
export interface Locator {
  locate(key: ServerKey, signal: AbortSignal): Promise<Location>;
  /** Every server of one user. */
  locateAll(user: UserName, signal: AbortSignal): Promise<Location>;
}

/** Nodes to leave out for now, each with the reason, in words for a person. */
export type Avoid = ReadonlyMap<NodeId, string>;

/** Chooses a node and reserves room on it, in one step. */
export interface Placer {
  place(key: ServerKey, avoid?: Avoid): Placement;
  /** The table `place` would decide by, without reserving. */
  explain(key: ServerKey, avoid?: Avoid): Placement;
  /** The start ended, well or not: give the room back. */
  release(key: ServerKey): void;
}

/** A text file people edit, such as the hosts file. */
export interface EditedFile {
  /** Its path, for messages. */
  readonly path: string;
  read(): Promise<string>;
  /** Calls back some time after it may have changed; a hint, not a promise. Resolves with how to stop. */
  watch(onHint: () => void): Promise<() => Promise<void>>;
}

/** The accounts of the nodes. */
export interface Accounts {
  find(node: NodeId, name: string, signal: AbortSignal): Promise<Account | undefined>;
}

/** Small values with an expiry, shared by all routers when it is Redis. Throws STORE_UNAVAILABLE. */
export interface Store {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** True when it was set now, false when a live value was there. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  delete(key: string): Promise<void>;
}
