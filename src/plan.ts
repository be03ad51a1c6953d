import type { ProcessIdentity } from "./sighting.ts";
import { keyText, type NodeId, type ServerKey } from "./model.ts";

/** The words of rebalancing as types. All times are of the router's clock, in milliseconds. */

/** "off": no plan is made. "report": plans are kept and shown. "act": they are carried out. */
export type RebalanceMode = "off" | "report" | "act";

/** Why a server may be stopped although nobody asked for that. */
export type StopReason =
  /** Its node is more used than others are. */
  | "hot-node"
  /** Its node is to become empty. */
  | "draining-node"
  /** Its owner has another one of this name, which is used more. */
  | "duplicate"
  /** It has been idle for longer than the site keeps idle servers. */
  | "idle-too-long";

/** One thing to do. What it rests on is looked at again at the moment of acting. */
type Step =
  | { readonly kind: "cordon"; readonly node: NodeId }
  | { readonly kind: "uncordon"; readonly node: NodeId }
  | { readonly kind: "warm-hub"; readonly node: NodeId }
  | { readonly kind: "stop-hub"; readonly node: NodeId }
  | {
      readonly kind: "stop-server";
      readonly node: NodeId;
      readonly key: ServerKey;
      readonly process: ProcessIdentity;
      readonly why: StopReason;
      /** Nothing has happened in it since, when the plan was made. */
      readonly idleSinceMs: number;
      /** Open tabs do not make it busy: nothing was computed in it for longer than the site waits for them. */
      readonly ignoresTabs: boolean;
      /** Where its owner's next one is expected; absent: none is. */
      readonly expectedOn?: NodeId;
      /** Not before then: its owner has been told, or could have been. */
      readonly notBeforeMs: number;
    };

/** A step with the reasons for it, in words for a person. */
export type Move = Step & {
  /** Within its plan: "1", "2" ... */
  readonly id: string;
  readonly reasons: readonly string[];
};

export type StopMove = Extract<Move, { kind: "stop-server" }>;

/** Use of a node's scarcest resource, 0..1, now and once the plan is carried out. */
export interface NodeUse {
  readonly node: NodeId;
  readonly before?: number;
  readonly after?: number;
  readonly standing: "cold" | "level" | "hot" | "not counted";
  /** In words: why it is not counted, or what makes it hot. */
  readonly words: string;
}

/** A server that keeps a draining or hot node from being relieved, and is left alone. */
export interface LeftAlone {
  readonly key: ServerKey;
  readonly node: NodeId;
  /** In words: "a kernel is busy", "active 4 minutes ago", "says nothing of itself". */
  readonly why: string;
  readonly startedAtMs?: number;
}

/** What is to be done, and why. Never changed once it is made. */
export interface Plan {
  readonly id: string;
  readonly madeAtMs: number;
  readonly mode: RebalanceMode;
  /** "schedule", or who has asked for it. */
  readonly trigger: string;
  readonly nodes: readonly NodeUse[];
  readonly moves: readonly Move[];
  readonly leftAlone: readonly LeftAlone[];
  /** Why there are no moves, in words that begin with a name for it: "balanced: ...". Absent if there are some. */
  readonly nothing?: string;
}

/** What became of one move. */
export interface MoveOutcome {
  readonly move: string;
  /** "skipped": what it rested on was no longer so. "unknown": it may have been done, and is not done again. */
  readonly result: "done" | "skipped" | "failed" | "unknown";
  readonly words: string;
  readonly atMs: number;
  /** A server was asked to stop, and did not. */
  readonly isRefused?: true;
}

/** A plan with what was decided about it and what came of it. */
export interface PlanRecord {
  readonly plan: Plan;
  /**
   * "waiting": somebody may approve it. "acting": it is being carried out. "grace": some of it is; the rest follows when
   * the owners who were told have had their time. "expired": nobody approved it in time.
   */
  readonly state: "waiting" | "acting" | "grace" | "done" | "nothing" | "expired";
  /** Who wants it to be carried out, if it is not the schedule. */
  readonly approvedBy?: string;
  readonly outcomes: readonly MoveOutcome[];
  /** The move that is being made, and the fencing number of the router that makes it. */
  readonly underWay?: { readonly move: string; readonly token: number };
}

/** What admins see of rebalancing, and ask of it. */
export interface Rebalancing {
  readonly mode: RebalanceMode;
  /** The plan that would be made now; nothing is kept, and nobody is told. */
  rehearse(trigger: string): Promise<Plan>;
  /**
   * Makes a plan now. With `isAct` it is carried out, whatever the mode; resolves when that has begun.
   * Throws REBALANCE_OFF, REBALANCE_BUSY, NOT_LEADER.
   */
  run(trigger: string, isAct: boolean): Promise<PlanRecord>;
  /** The newest first. */
  plans(): Promise<readonly PlanRecord[]>;
  /** Throws PLAN_UNKNOWN. */
  find(id: string): Promise<PlanRecord>;
  /** Has it carried out; resolves when that has begun. Throws PLAN_UNKNOWN, PLAN_NOT_WAITING. */
  approve(id: string, by: string): Promise<PlanRecord>;
  /** Since this router started. */
  tally(): RebalanceTally;
}

/** How often what was done. */
export interface RebalanceTally {
  readonly runs: ReadonlyMap<"planned" | "nothing" | "failed", number>;
  readonly moves: readonly {
    readonly kind: Step["kind"];
    readonly result: MoveOutcome["result"];
    readonly count: number;
  }[];
  readonly lastRunMs?: number;
}

/** What is going to happen to a server unless its owner keeps it. */
export interface StopNotice {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly why: StopReason;
  readonly words: string;
  /** When its owner was told first. */
  readonly sinceMs: number;
  readonly notBeforeMs: number;
}

/** Whether a notice is about the server of this key on this node. */
export function isAbout(
  notice: StopNotice,
  { key, node }: { readonly key: ServerKey; readonly node: NodeId },
): boolean {
  return notice.node === node && keyText(notice.key) === keyText(key);
}

/** The `by` of orders that rebalancing gives to nodes: only these does it ever lift. */
export const REBALANCING = "rebalancing";
