import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import { startServer } from "./arrival.ts";
import type { Traveller } from "./decide/way-in.ts";
import { createHubChoice, type HubChoiceDeps, type HubChoiceOptions } from "./hub-choice.ts";
import type { Trip } from "./journeys.ts";
import type { Wishes } from "./wishes.ts";

/** Resolves with the node on which a new server is ready; `supersedes` is the claim that it may replace. */
export type NewStart = (
  trip: Trip,
  traveller: Traveller,
  supersedes: string | undefined,
  signal: AbortSignal,
) => Promise<NodeId>;

export interface NewStartDeps extends HubChoiceDeps {
  readonly wishes: Wishes;
}

/** Starts a server where there is none. Leaves no reservation behind, however it ends. */
export function createNewStart(deps: NewStartDeps, options: HubChoiceOptions): NewStart {
  const { assignments, placer, wishes } = deps;
  const chooseHub = createHubChoice(deps, options);

  return async function startAnew(trip, traveller, supersedes, signal) {
    try {
      const wish = await wishes.settle(trip, traveller, signal);
      const node = await chooseHub(trip, wish, signal);
      const start = {
        ...(supersedes !== undefined && { supersedes }),
        gpus: placer.grant(trip.key, node, wish),
      };
      await startServer(trip, { node, traveller, how: "start", ...start }, deps, options, signal);
      placer.started(trip.key, node);
      await assignments.settle(trip.key, node);
      return node;
    } catch (err) {
      if (isGpuTaken(err)) placer.taken(trip.key);
      else placer.release(trip.key);
      await assignments.drop(trip.key);
      throw err;
    }
  };
}

function isGpuTaken(err: unknown): boolean {
  return err instanceof AppError && err.code === "GPU_TAKEN";
}
