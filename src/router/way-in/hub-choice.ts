import { AppError } from "../../errors.ts";
import type { NodeId, Wish } from "../../model.ts";
import type { Avoid, Placement, Placer } from "../../ports.ts";
import { type ArrivalDeps, type ArrivalOptions, wakeHub } from "./arrival.ts";
import type { Assignments } from "./assignments.ts";
import type { PlacementRecord } from "./decide/way-in.ts";
import { type HubFailures, toReason } from "./hub-failures.ts";
import type { Trip } from "./journeys.ts";
import type { MoveBookings } from "./move-bookings.ts";

export interface HubChoiceDeps extends ArrivalDeps {
  readonly placer: Placer;
  readonly assignments: Assignments;
  readonly failures: HubFailures;
  readonly moves: Pick<MoveBookings, "avoided">;
}

export interface HubChoiceOptions extends ArrivalOptions {
  /** On how many nodes a hub may fail to start before the user is told; 3 unless said. */
  readonly maxNodes?: number;
}

interface Chosen {
  readonly node: NodeId;
  /** This router decided it, just now. */
  readonly isOurs: boolean;
}

/** Resolves with a node for a new server, room reserved on it and its hub ready. */
export type HubChoice = (trip: Trip, wish: Wish, signal: AbortSignal) => Promise<NodeId>;

/** Chooses a node and wakes its hub. Where that fails nothing was started, so another node may be tried. */
export function createHubChoice(deps: HubChoiceDeps, options: HubChoiceOptions): HubChoice {
  const { maxNodes = 3 } = options;
  const { assignments, clock, failures, moves, placer } = deps;

  async function chooseHub(trip: Trip, wish: Wish, signal: AbortSignal): Promise<NodeId> {
    const tried = new Map<NodeId, string>();
    let failure: AppError | undefined;
    for (;;) {
      const { node, isOurs } = await choose(trip, wish, tried, failure);
      failure = await tryHub(trip, node, signal);
      if (failure === undefined) return node;
      tried.set(node, toReason(failure));
      if (!isOurs || tried.size >= maxNodes) throw failure;
      await assignments.drop(trip.key);
      placer.release(trip.key);
      trip.tell({ kind: "note", text: `${node}: ${failure.message}; another node is tried.` });
    }
  }

  async function tryHub(trip: Trip, node: NodeId, signal: AbortSignal): Promise<AppError | undefined> {
    try {
      await wakeHub(trip, node, deps, options, signal);
      failures.clear(node);
      return undefined;
    } catch (err) {
      if (signal.aborted || !(err instanceof AppError)) throw err;
      failures.note(node, err);
      return err;
    }
  }

  /** Chooses and reserves; where another router, or this one a moment ago, decided first, that stands. */
  async function choose(
    trip: Trip,
    wish: Wish,
    tried: Avoid,
    failure: AppError | undefined,
  ): Promise<Chosen> {
    const before = await assignments.find(trip.key);
    if (before !== undefined) {
      trip.tell({ kind: "assigned", node: before.node });
      return { node: before.node, isOurs: false };
    }
    await placer.recall(trip.key.user);
    const placement = place(trip, wish, tried);
    await assignments.record(trip.key, toRecord(placement, clock.now()));
    if (placement.kind === "none") {
      trip.tell({ kind: "nowhere", verdicts: placement.verdicts });
      throw failure ?? new AppError("NO_NODE_AVAILABLE", "no node can take another server now");
    }
    const { node, verdicts } = placement;
    const agreed = await assignments.propose(trip.key, node);
    if (agreed !== node) placer.release(trip.key);
    trip.tell(agreed === node ? { kind: "placed", node, verdicts } : { kind: "assigned", node: agreed });
    return { node: agreed, isOurs: agreed === node };
  }

  /** A hub that failed for somebody else is better than none, and so is the node that its owner wants to leave. */
  function place({ key }: Trip, wish: Wish, tried: Avoid): Placement {
    const lately = moves.avoided(key);
    const placement = placer.place(key, new Map([...lately, ...tried]), wish);
    return placement.kind === "none" && lately.size > 0 ? placer.place(key, tried, wish) : placement;
  }

  return chooseHub;
}

function toRecord(placement: Placement, atMs: number): PlacementRecord {
  const { verdicts } = placement;
  return placement.kind === "placed" ? { atMs, node: placement.node, verdicts } : { atMs, verdicts };
}
