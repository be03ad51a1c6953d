import type { NodeId, Placement, ServerKey, UserName, Wish } from "../../../model.ts";
import type { Choice, ExplainedWish } from "./choice.ts";
import type { Journey, Outcome, Verdict } from "./journey.ts";
import type { Decision } from "./obstacle.ts";
import type { StartPermit } from "../../sign-in/decide/ticket.ts";

/** The way in, as pages see it: the service is `entry.ts`. */
export interface WayIn {
  /** Joins the journey of this server, or begins one. A failed one is kept until `retry` or for a while. */
  open(traveller: Traveller, key: ServerKey): Journey;
  /** The journey under way or lately over, if there is one here. */
  find(key: ServerKey): Journey | undefined;
  /** The newest state that `isNews` accepts; waits for it. Undefined when there is no journey (any more). */
  next(
    key: ServerKey,
    isNews: (journey: Journey) => boolean,
    signal: AbortSignal,
  ): Promise<Journey | undefined>;
  /** Forgets a failed journey and begins another. */
  retry(traveller: Traveller, key: ServerKey): Journey;
  /** The user decides about what is in the way. False when that is not (yet) theirs to decide. */
  decide(key: ServerKey, decision: Decision): boolean;
  /** The kinds of machines that users choose from. */
  readonly choices: readonly Pick<Choice, "name" | "title">[];
  /** The user wants their next server on such a machine; false if there is no such choice. */
  prefer(key: ServerKey, choice: string): Promise<boolean>;
  /** Forgets where the server was to be, because its owner stopped it. */
  forget(key: ServerKey, node: NodeId): Promise<void>;
  /** Has at hand what was learnt of a user, and says what their server asks for; before `explain`. */
  recall(key: ServerKey): Promise<ExplainedWish>;
  /** The table a placement of this server would be decided by now, off its node if that is named; nothing is reserved. */
  explain(key: ServerKey, wish: Wish, off?: NodeId): Omit<PlacementRecord, "atMs">;
  /** Its owner moves it off a node: holds room on another, where the next journey goes, and off that node if it can. */
  bookMove(key: ServerKey, wish: Wish, off: NodeId): Placement;
  /** It stays: gives the room back. */
  cancelMove(key: ServerKey): void;
  /** What the last placement of this server was decided by. */
  lastPlacement(key: ServerKey): Promise<PlacementRecord | undefined>;
}

/** What a journey needs to know of the session that began it. */
export interface Traveller {
  readonly user: UserName;
  readonly groups: readonly string[];
}

/** A placement as it was decided, with its reasons. */
export interface PlacementRecord {
  readonly atMs: number;
  /** Absent when no node could take the server. */
  readonly node?: NodeId;
  readonly verdicts: readonly Verdict[];
}

/** Passes by which the router makes a user known to a hub, and permits a start there. */
export interface Introductions {
  mint(node: NodeId, traveller: Traveller, start?: StartPermit): Promise<string>;
}

/** Told of every journey that ended; for metrics. */
export interface JourneyMeter {
  ended(outcome: Outcome, tookMs: number): void;
}
