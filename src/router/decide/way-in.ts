import type { NodeId, ServerKey, UserName } from "../../model.ts";
import type { Journey, Outcome, Verdict } from "./journey.ts";

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
  /** The user gives up on the silent node. False when that is not (yet) theirs to decide. */
  startElsewhere(key: ServerKey): boolean;
  /** Forgets where the server was to be, because its owner stopped it. */
  forget(key: ServerKey): Promise<void>;
  /** The table a placement of this server would be decided by now; nothing is reserved. */
  explain(key: ServerKey): Omit<PlacementRecord, "atMs">;
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

/** Passes by which the router makes a user known to a hub. */
export interface Introductions {
  mint(node: NodeId, traveller: Traveller): Promise<string>;
}

/** Told of every journey that ended; for metrics. */
export interface JourneyMeter {
  ended(outcome: Outcome, tookMs: number): void;
}
