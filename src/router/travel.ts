import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import type { Placement, Placer } from "../ports.ts";
import { type ArrivalDeps, type ArrivalOptions, startServer, wakeHub } from "./arrival.ts";
import type { Assignments } from "./assignments.ts";
import type { PlacementRecord, Traveller } from "./decide/way-in.ts";
import type { Trip } from "./journeys.ts";
import { search, type SearchDeps, type SearchOptions, type Whereabouts } from "./search.ts";

export interface TravelDeps extends ArrivalDeps, SearchDeps {
  readonly placer: Placer;
  readonly assignments: Assignments;
}

export interface TravelOptions extends ArrivalOptions, SearchOptions {
  /** A sighting younger than this needs no second look at its hub. */
  readonly freshMs: number;
}

/** Resolves with the node on which the server is ready. Leaves no reservation behind, however it ends. */
export type Travel = (trip: Trip, traveller: Traveller, signal: AbortSignal) => Promise<NodeId>;

/** From looking for the server to its being ready. */
export function createTravel(deps: TravelDeps, options: TravelOptions): Travel {
  const { assignments, clock, placer } = deps;

  async function travel(trip: Trip, traveller: Traveller, signal: AbortSignal): Promise<NodeId> {
    const where = await search(trip, deps, options, signal);
    if (where.kind === "given-up") await assignments.forget(trip.key);
    if (where.kind === "given-up" || where.kind === "none") return startAnew(trip, traveller, signal);
    return goBack(trip, traveller, where, signal);
  }

  async function goBack(
    trip: Trip,
    traveller: Traveller,
    { node, kind, seenAtMs, evidence }: Extract<Whereabouts, { readonly node: NodeId }>,
    signal: AbortSignal,
  ): Promise<NodeId> {
    // A process table tells that the server runs, and that its hub does not.
    const isHubFresh = evidence === "hub-list" && clock.now() - seenAtMs <= options.freshMs;
    if (kind === "ready" && isHubFresh) return node;
    await wakeHub(trip, node, deps, options, signal);
    if (kind === "ready") return node;
    const how = kind === "starting" ? "follow" : "start";
    await startServer(trip, { node, traveller, how }, deps, options, signal);
    return node;
  }

  async function startAnew(trip: Trip, traveller: Traveller, signal: AbortSignal): Promise<NodeId> {
    try {
      const node = await choose(trip);
      await wakeHub(trip, node, deps, options, signal);
      await startServer(trip, { node, traveller, how: "introduce" }, deps, options, signal);
      await assignments.settle(trip.key, node);
      return node;
    } catch (err) {
      await assignments.drop(trip.key);
      throw err;
    } finally {
      placer.release(trip.key);
    }
  }

  /** Chooses and reserves; where another router, or this one a moment ago, decided first, that stands. */
  async function choose(trip: Trip): Promise<NodeId> {
    const before = await assignments.find(trip.key);
    if (before !== undefined) {
      trip.tell({ kind: "assigned", node: before.node });
      return before.node;
    }
    const placement = placer.place(trip.key);
    await assignments.record(trip.key, toRecord(placement, clock.now()));
    if (placement.kind === "none") {
      trip.tell({ kind: "nowhere", verdicts: placement.verdicts });
      throw new AppError("NO_NODE_AVAILABLE", "no node can take another server now", {});
    }
    const { node, verdicts } = placement;
    const agreed = await assignments.claim(trip.key, node);
    if (agreed !== node) placer.release(trip.key);
    trip.tell(agreed === node ? { kind: "placed", node, verdicts } : { kind: "assigned", node: agreed });
    return agreed;
  }

  return travel;
}

function toRecord(placement: Placement, atMs: number): PlacementRecord {
  const { verdicts } = placement;
  return placement.kind === "placed" ? { atMs, node: placement.node, verdicts } : { atMs, verdicts };
}
