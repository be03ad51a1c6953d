import { createPatience, within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { GpuGrant, NodeId } from "../../model.ts";
import type { Clock, HubApi, HubKeeper } from "../../ports.ts";
import type { Introductions, Traveller } from "./decide/way-in.ts";
import type { Trip } from "./journeys.ts";

export interface ArrivalDeps {
  readonly hubs: HubKeeper;
  readonly hubApi: Pick<HubApi, "introduce" | "startServer" | "followStart">;
  readonly introductions: Introductions;
  readonly clock: Clock;
}

export interface ArrivalOptions {
  readonly hubStartMs: number;
  readonly serverStartMs: number;
}

/** Sees to it that the node's hub is up; its progress goes to the trip. */
export function wakeHub(
  trip: Trip,
  node: NodeId,
  { hubs, clock }: Pick<ArrivalDeps, "hubs" | "clock">,
  options: ArrivalOptions,
  signal: AbortSignal,
): Promise<void> {
  trip.tell({ kind: "hub", node });
  const deadline = clock.deadline(options.hubStartMs);
  return within({ signal, deadline, late }, (either) => hubs.ensureReady(node, onProgress, either));

  function onProgress(text: string): void {
    trip.tell({ kind: "progress", text });
  }

  function late(cause: unknown): AppError {
    return new AppError("HUB_NOT_HEALTHY", `JupyterHub on ${node} did not get ready in time`, {
      cause,
      node,
    });
  }
}

/**
 * Starts the server on its hub and follows it until it is ready; `follow` only watches a start under way.
 * Every start is permitted first: a hub starts nothing without the router's word.
 */
export function startServer(
  trip: Trip,
  { node, traveller, how, supersedes, gpus }: Start,
  { hubApi, introductions, clock }: ArrivalDeps,
  options: ArrivalOptions,
  signal: AbortSignal,
): Promise<void> {
  trip.tell({ kind: "server", node });
  const patience = createPatience(() => clock.deadline(options.serverStartMs));
  return within({ signal, deadline: patience.signal, late }, async (either) => {
    if (how === "start") {
      const claim = supersedes !== undefined && { supersedes };
      const permit = { server: trip.key.server, ...claim, ...(gpus && { gpus }) };
      await hubApi.introduce(node, await introductions.mint(node, traveller, permit), either);
      await hubApi.startServer(node, trip.key, either);
    }
    await hubApi.followStart(node, trip.key, onProgress, either);
  });

  function onProgress(text: string, isQueued: boolean): void {
    if (isQueued) patience.renew();
    trip.tell({ kind: "progress", text });
  }

  function late(cause: unknown): AppError {
    return new AppError("SERVER_TIMEOUT", `your server on ${node} did not get ready in time`, {
      cause,
      node,
    });
  }
}

export interface Start {
  readonly node: NodeId;
  readonly traveller: Traveller;
  readonly how: "start" | "follow";
  /** The id of the claim of another node that this start may replace. */
  readonly supersedes?: string;
  readonly gpus?: GpuGrant | undefined;
}
