import type { Duplex } from "node:stream";
import type { ForeignJupyter, HomeLook } from "./home-model.ts";
import type { Location, ProcessIdentity } from "./sighting.ts";
import type {
  Account,
  GpuGrant,
  HubServer,
  NodeId,
  NodeOrder,
  NodeSpec,
  Offer,
  OrderOutcome,
  Placement,
  ServerKey,
  UserName,
  Wish,
} from "./model.ts";
import type { StopNotice } from "./plan.ts";

export type { NodeVerdict, Placement } from "./model.ts";

/** What services need from outside, as interfaces. `io/` implements them, tests fake them. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Of the machine, by its IANA name: in which people are told times. */
  readonly timeZone: string;
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

/** Something that was done to a server or a node, or decided about it. */
export interface Act {
  /** What. "move": one of a plan; "user-move": an owner takes a server to another node. */
  readonly audit:
    "order" | "approval" | "notice" | "keep" | "move" | "user-move" | "stop" | "hub" | "provision";
  /** Who or what wanted it: the name of a person, or one of "schedule", "rebalancing" and "router". */
  readonly by: string;
  readonly [detail: string]: unknown;
}

/** Where it is written who or what did each act. */
export interface Audit {
  /** Resolves when the line is written, or cannot be: an act that is done does not fail for that. Lines keep their order. */
  note(act: Act, words: string): Promise<void>;
}

export interface Service {
  start(): Promise<void>;
  /** Idempotent; resolves when nothing of ours is still running. */
  stop(): Promise<void>;
}

export type AgentVerb =
  | "facts"
  | "check"
  | "account"
  | "status"
  | "start-hub"
  | "stop-hub"
  | "compare-hub"
  | "order"
  | "set-order"
  | "sample"
  | "servers"
  | "stop-server"
  | "own-jupyters"
  | "listeners";

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
    /** `isQueued`: a batch system lets it wait, which is no sign of trouble, however long it takes. */
    onProgress: (text: string, isQueued: boolean) => void,
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

/** "ready": it answers, and is surely ours. "silent": it listens, and does not answer. */
export type HubLook = "ready" | "silent" | "absent";

/** Says, without starting anything, whether a node's hub may be asked. */
export interface HubWatch {
  /** Throws LISTENER_NOT_HUB, and why a node cannot be reached. */
  look(node: NodeId, signal: AbortSignal): Promise<HubLook>;
  /** What was known of the node's hub may be wrong now: look again before it is used. */
  suspect(node: NodeId): void;
}

/** Servers that run without the knowledge of their hub. */
export interface LostServers {
  /** Ends exactly this process; NO_SUCH_SERVER if it is not there, or is not that server. */
  stop(node: NodeId, key: ServerKey, process: ProcessIdentity, signal: AbortSignal): Promise<void>;
}

/** Jupyters that users have started themselves. The router shows them, and never touches them. */
export interface ForeignJupyters {
  of(user: UserName, signal: AbortSignal): Promise<readonly ForeignJupyter[]>;
}

/** Finds where a user's server runs. */
export interface Locator {
  locate(key: ServerKey, signal: AbortSignal): Promise<Location>;
  /** Every server of one user. */
  locateAll(user: UserName, signal: AbortSignal): Promise<Location>;
  /** Looks at the nodes anew: what is said of them afterwards is no older than this call. */
  lookAfresh(nodes: readonly NodeId[], signal: AbortSignal): Promise<void>;
}

/** Nodes to leave out for now, each with the reason, in words for a person. */
export type Avoid = ReadonlyMap<NodeId, string>;

/** Chooses a node and reserves room on it, in one step. */
export interface Placer {
  /** Has at hand what was learnt of the user's servers; before `place` and `explain`. */
  recall(user: UserName): Promise<void>;
  place(key: ServerKey, avoid?: Avoid, wish?: Wish): Placement;
  /** The table `place` would decide by, without reserving. */
  explain(key: ServerKey, avoid?: Avoid, wish?: Wish): Placement;
  /** What such a server would find now. */
  offer(key: ServerKey, wish: Wish): Offer;
  /**
   * The devices for a server that starts there, held from now on; undefined where none are given out. Throws GPU_TAKEN
   * if too few are free.
   */
  grant(key: ServerKey, node: NodeId, wish: Wish): GpuGrant | undefined;
  /** Its hub says that another server has the devices it was given: gives the room back, and leaves them alone. */
  taken(key: ServerKey): void;
  /** The server runs there, whoever chose the node: from now on it is expected to grow. */
  started(key: ServerKey, node: NodeId): void;
  /** Nothing starts: gives the room back at once. */
  release(key: ServerKey): void;
  /** The server there is gone: it grows no more. */
  stopped(key: ServerKey, node: NodeId): void;
}

/** What an admin may ask of nodes. Throws BAD_ORDER, NODE_UNKNOWN, and why a node cannot be reached. */
export interface NodeOrders {
  /** Tells the node, or with `isRehearsal` nobody. */
  give(node: NodeId, wish: OrderWish, isRehearsal: boolean, signal: AbortSignal): Promise<OrderOutcome>;
}

export interface OrderWish {
  /** "lift": nothing is asked of it any more. */
  readonly kind: NodeOrder["kind"] | "lift";
  readonly by: string;
  /** The end of a cordon, or by when a drain is to be done: "18:00", "2h", or an ISO date and time. */
  readonly end?: string | undefined;
  readonly reason?: string | undefined;
  /** What somebody else has asked of the node stays as it is: then ORDER_STANDS is thrown. */
  readonly yields?: true;
}

/** A text file people edit, such as the hosts file. */
export interface EditedFile {
  /** Its path, for messages. */
  readonly path: string;
  read(): Promise<string>;
  /** Calls back some time after it may have changed; a hint, not a promise. Resolves with how to stop. */
  watch(onHint: () => void): Promise<() => Promise<void>>;
}

/** The nodes as they were known last, over restarts of the router. */
export interface NodeMemory {
  readonly known: readonly NodeSpec[];
  /** Keeps the nodes as they are now. */
  save(specs: readonly NodeSpec[]): Promise<void>;
}

/** The accounts of the nodes. */
export interface Accounts {
  find(node: NodeId, name: string, signal: AbortSignal): Promise<Account | undefined>;
}

/** Who is in which group by the word of the router's own system: its files, or a directory service behind them. */
export interface SystemDirectory {
  /** The names of an account's groups; undefined if there is no such account. Throws DIRECTORY_SILENT. */
  groupsOf(account: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/** Looks into the homes of users. Throws HOME_UNREADABLE, with the reason as its message. */
export interface HomeReader {
  /** What lies in a home's runtime directory now, as far as it is the user's own word. */
  look(user: UserName, home: string, signal: AbortSignal): Promise<HomeLook>;
  /** The names in a directory of homes. */
  list(directory: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** Ends servers that are idle: each decides that itself, at that very moment. */
export interface IdleStops {
  ask(order: IdleStopOrder, signal: AbortSignal): Promise<IdleStopAnswer>;
}

/** "Stop if nothing has happened in you since then." */
export interface IdleStopOrder {
  readonly key: ServerKey;
  readonly node: NodeId;
  /** This process and no later one. */
  readonly process: ProcessIdentity;
  /** Of the router's clock. */
  readonly idleSinceMs: number;
  readonly ignoresTabs: boolean;
}

export type IdleStopAnswer =
  /** It has ended, and its hub knows. */
  | { readonly kind: "stopped" }
  /** It is not idle, or is another process. */
  | { readonly kind: "kept"; readonly why: string }
  /** It gave no answer that can be believed: it is not stopped. */
  | { readonly kind: "silent"; readonly why: string }
  /** It has the order, and may end yet. */
  | { readonly kind: "unclear"; readonly why: string };

/** What owners are told before an idle server of theirs is stopped. */
export interface StopNotices {
  of(user: UserName): Promise<readonly StopNotice[]>;
  /** The owner wants it kept: it is in no plan for as long as the site lets them; resolves with until when. */
  keep(key: ServerKey): Promise<number>;
}
