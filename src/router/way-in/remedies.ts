import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { Sighting } from "../../sighting.ts";
import type { ServerKey } from "../../model.ts";
import type { Audit, Clock, HubApi, HubKeeper, Locator, LostServers, Placer } from "../../ports.ts";
import { without, type Decision, type Obstacle } from "./decide/obstacle.ts";
import type { Trip } from "./journeys.ts";
import type { KeptServers } from "./kept-servers.ts";

export interface RemediesDeps {
  readonly hubs: HubKeeper;
  readonly hubApi: Pick<HubApi, "stopServer">;
  readonly lostServers: LostServers;
  readonly keptServers: KeptServers;
  readonly locator: Pick<Locator, "lookAfresh">;
  readonly placer: Pick<Placer, "stopped">;
  readonly audit: Audit;
  readonly clock: Clock;
}

export interface RemediesOptions {
  /** How long a stop may take, its hub's start included. */
  readonly stopMs: number;
}

/** What is done about an obstacle once its user has decided. */
export interface Remedies {
  /** The obstacle with what was decided about it before. */
  describe(key: ServerKey, obstacle: Obstacle): Promise<Obstacle>;
  /** Does it; what it meets is told to the trip, and the next look shows what came of it. */
  carryOut(trip: Trip, obstacle: Obstacle, decision: Decision, signal: AbortSignal): Promise<void>;
  /** Ends one server wherever it was seen: by its hub, or its very process where its hub has lost it. */
  stop(sighting: Sighting, signal: AbortSignal): Promise<void>;
}

export function createRemedies(deps: RemediesDeps, { stopMs }: RemediesOptions): Remedies {
  const { hubs, hubApi, lostServers, keptServers, locator, placer, audit, clock } = deps;

  async function stop(sighting: Sighting, signal: AbortSignal): Promise<void> {
    const { key, node } = sighting;
    const deadline = clock.deadline(stopMs);
    await within({ signal, deadline, late }, (either) => end(sighting, either));
    placer.stopped(key, node);
    await audit.note({ audit: "stop", by: key.user, ...key, node }, "owner stopped a server");

    function late(cause: unknown): AppError {
      return new AppError("SERVER_TIMEOUT", `your server on ${node} does not end`, { cause, node });
    }
  }

  async function end(sighting: Sighting, signal: AbortSignal): Promise<void> {
    const { key, node, process, isOrphan, evidence } = sighting;
    if (isOrphan) {
      if (process === undefined) throw notNamed(sighting);
      await lostServers.stop(node, key, process, signal).catch(unlessGone);
    } else {
      if (evidence === "process-list") await hubs.ensureReady(node, () => undefined, signal);
      await hubApi.stopServer(node, key, signal);
    }
    // What was heard of the node before shall mislead nobody from now on.
    await locator.lookAfresh([node], signal);
  }

  /** The servers that the decision ends. */
  function ended(obstacle: Obstacle, decision: Decision): readonly Sighting[] {
    if (obstacle.kind === "lost" && decision.kind === "stop-lost") return [obstacle.sighting];
    if (obstacle.kind === "several" && decision.kind === "choose") {
      return without(obstacle.sightings, decision.node);
    }
    return [];
  }

  return {
    async describe(key, obstacle) {
      if (obstacle.kind !== "lost") return obstacle;
      const keptUntilMs = await keptServers.keptUntil(key, obstacle.sighting);
      return keptUntilMs === undefined ? obstacle : { ...obstacle, keptUntilMs };
    },
    async carryOut(trip, obstacle, decision, signal) {
      if (obstacle.kind === "lost" && decision.kind === "keep-lost") {
        await keptServers.keep(trip.key, obstacle.sighting);
      }
      for (const sighting of ended(obstacle, decision)) {
        trip.tell({ kind: "note", text: `Stopping your server on ${sighting.node}.` });
        await stop(sighting, signal);
      }
    },
    stop,
  };
}

/** It has ended by itself meanwhile. */
function unlessGone(err: unknown): void {
  if (!(err instanceof AppError && err.code === "NO_SUCH_SERVER")) throw err;
}

function notNamed({ node }: Sighting): AppError {
  const remedy = `An administrator can stop it on ${node}; then try again.`;
  return new AppError("NO_SUCH_SERVER", `${node} did not say which process the server is`, { node, remedy });
}
