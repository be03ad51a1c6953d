import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import { startServer, wakeHub } from "./arrival.ts";
import type { Traveller } from "./decide/way-in.ts";
import type { HubChoiceOptions } from "./hub-choice.ts";
import type { Trip } from "./journeys.ts";
import { createNewStart, type NewStartDeps } from "./new-start.ts";
import { search, type SearchDeps, type SearchOptions, type Whereabouts } from "./search.ts";

export interface TravelDeps extends NewStartDeps, SearchDeps {}

export interface TravelOptions extends HubChoiceOptions, SearchOptions {
  /** A sighting younger than this needs no second look at its hub. */
  readonly freshMs: number;
}

/** Resolves with the node on which the server is ready. Leaves no reservation behind, however it ends. */
export type Travel = (trip: Trip, traveller: Traveller, signal: AbortSignal) => Promise<NodeId>;

/** From looking for the server to its being ready. */
export function createTravel(deps: TravelDeps, options: TravelOptions): Travel {
  const { assignments, clock, locator, placer, wishes } = deps;
  const startAnew = createNewStart(deps, options);

  async function travel(trip: Trip, traveller: Traveller, signal: AbortSignal): Promise<NodeId> {
    for (let looks = 1; ; looks += 1) {
      try {
        const node = await goOnce(trip, traveller, signal);
        if (node !== undefined) return node;
        if (looks >= MAX_LOOKS) throw unsteady();
      } catch (err) {
        if (looks >= MAX_LOOKS || !isOvertaken(err)) throw err;
        trip.tell({ kind: "note", text: `${err.message}; looking again.` });
        await clock.sleep(options.lookAgainMs, signal);
      }
    }
  }

  /** Undefined when there is something new to be found. */
  async function goOnce(trip: Trip, traveller: Traveller, signal: AbortSignal): Promise<NodeId | undefined> {
    const where = await search(trip, deps, options, signal);
    if (where.kind === "given-up") await assignments.forget(trip.key);
    if (where.kind === "there") return goBack(trip, traveller, where, signal);
    return startAnew(trip, traveller, where.supersedes, signal);
  }

  async function goBack(
    trip: Trip,
    traveller: Traveller,
    { node, state, seenAtMs, evidence }: Extract<Whereabouts, { readonly kind: "there" }>,
    signal: AbortSignal,
  ): Promise<NodeId | undefined> {
    const isFresh = evidence === "hub-list" && clock.now() - seenAtMs <= options.freshMs;
    if (state === "ready" && isFresh) return node;
    await wakeHub(trip, node, deps, options, signal);
    if (state === "ready") return node;
    if (evidence === "process-list") {
      // It runs, and its hub was away: whether that has kept it, it says itself. Starting it might start a second one.
      await locator.lookAfresh([node], signal);
      return undefined;
    }
    if (state === "starting")
      await startServer(trip, { node, traveller, how: "follow" }, deps, options, signal);
    else await startAgain(trip, traveller, node, signal);
    return node;
  }

  /** It ran there, and most likely does: its hub knows. If not, it gets devices like a new one. */
  async function startAgain(trip: Trip, traveller: Traveller, node: NodeId, signal: AbortSignal) {
    const gpus = placer.grant(trip.key, node, await wishes.known(trip.key, traveller));
    try {
      await startServer(trip, { node, traveller, how: "start", gpus }, deps, options, signal);
    } finally {
      placer.release(trip.key);
    }
  }

  return travel;
}

/** How often a journey looks for the server before the hub's refusal is the end of it. */
const MAX_LOOKS = 4;

/** Another node's start was first, or the hub was restarted or stopped meanwhile: that forgets the permit. */
function isOvertaken(err: unknown): err is AppError {
  const passing = ["CLAIMED_ELSEWHERE", "START_NOT_PERMITTED", "GPU_TAKEN", "HUB_UNREACHABLE"];
  return err instanceof AppError && passing.includes(err.code);
}

function unsteady(): AppError {
  return new AppError("HUB_NOT_HEALTHY", "the hub of your server's node does not stay up");
}
