import type { NodeId } from "../model.ts";
import { startServer, wakeHub } from "./arrival.ts";
import type { Traveller } from "./decide/way-in.ts";
import { createHubChoice, type HubChoiceDeps, type HubChoiceOptions } from "./hub-choice.ts";
import type { Trip } from "./journeys.ts";
import { search, type SearchDeps, type SearchOptions, type Whereabouts } from "./search.ts";

export interface TravelDeps extends HubChoiceDeps, SearchDeps {}

export interface TravelOptions extends HubChoiceOptions, SearchOptions {
  /** A sighting younger than this needs no second look at its hub. */
  readonly freshMs: number;
}

/** Resolves with the node on which the server is ready. Leaves no reservation behind, however it ends. */
export type Travel = (trip: Trip, traveller: Traveller, signal: AbortSignal) => Promise<NodeId>;

/** From looking for the server to its being ready. */
export function createTravel(deps: TravelDeps, options: TravelOptions): Travel {
  const { assignments, clock, placer } = deps;
  const chooseHub = createHubChoice(deps, options);

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
      const node = await chooseHub(trip, signal);
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

  return travel;
}
