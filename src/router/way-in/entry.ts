import { AppError } from "../../errors.ts";
import type { ServerKey } from "../../model.ts";
import type { Log, Random, Service } from "../../ports.ts";
import type { Failure } from "./decide/journey.ts";
import { mayDecide } from "./decide/obstacle.ts";
import type { JourneyMeter, Traveller, WayIn } from "./decide/way-in.ts";
import { createHubFailures, type HubFailuresOptions } from "./hub-failures.ts";
import { createJourneys, type JourneysOptions, type Trip } from "./journeys.ts";
import { createMoveBookings } from "./move-bookings.ts";
import { createTravel, type TravelDeps, type TravelOptions } from "./travel.ts";

export interface EntryDeps extends Omit<TravelDeps, "failures" | "moves"> {
  readonly meter: JourneyMeter;
  readonly random: Random;
  readonly log: Log;
}

export interface EntryOptions extends TravelOptions, JourneysOptions, HubFailuresOptions {}

/**
 * The way in: brings a user to their server, starting what has to be started. One journey a server, shared by
 * every tab and caller; it belongs to this service, so a caller that leaves cancels nothing.
 */
export function createEntry(deps: EntryDeps, options: EntryOptions): WayIn & Service {
  const { assignments, clock, log, meter } = deps;
  const journeys = createJourneys(deps, options);
  const failures = createHubFailures(deps, options);
  const moves = createMoveBookings({ ...deps, failures });
  const travel = createTravel({ ...deps, failures, moves }, options);
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();

  function begin(traveller: Traveller, key: ServerKey): Trip {
    if (journeys.countBeside(key) >= MAX_JOURNEYS) throw tooMany();
    const trip = journeys.begin(key);
    const journey = follow(trip, traveller).finally(() => underWay.delete(journey));
    underWay.add(journey);
    return trip;
  }

  async function follow(trip: Trip, traveller: Traveller): Promise<void> {
    const { key } = trip;
    try {
      stopping.signal.throwIfAborted();
      const node = await travel(trip, traveller, stopping.signal);
      trip.tell({ kind: "arrived", node });
      log.info({ user: key.user, server: key.server, node }, "journey arrived");
    } catch (err) {
      trip.tell({ kind: "failed", ...describe(err, key, log) });
    }
    const { outcome, startedAtMs } = trip.journey();
    if (outcome !== undefined) meter.ended(outcome, clock.now() - startedAtMs);
  }

  return {
    open(traveller, key) {
      const trip = journeys.find(key);
      const isOver = trip === undefined || trip.journey().outcome?.kind === "arrived";
      return (isOver ? begin(traveller, key) : trip).journey();
    },
    find: (key) => journeys.find(key)?.journey(),
    next: journeys.next,
    retry(traveller, key) {
      const trip = journeys.find(key);
      const isUnderWay = trip !== undefined && trip.journey().outcome === undefined;
      return (isUnderWay ? trip : begin(traveller, key)).journey();
    },
    decide(key, decision) {
      const trip = journeys.find(key);
      if (trip === undefined || !mayDecide(trip.journey().obstacle, decision)) return false;
      log.info({ user: key.user, server: key.server, decision }, "user decides on the way in");
      trip.decide(decision);
      return true;
    },
    forget: assignments.forget,
    ...wishesOf(deps),
    ...moves,
    lastPlacement: assignments.lastPlacement,
    start: () => Promise.resolve(),
    async stop() {
      stopping.abort(new AppError("STOPPING", "the router is stopping", {}));
      await Promise.all(underWay);
    },
  };
}

function wishesOf({ placer, wishes }: EntryDeps): Pick<WayIn, "choices" | "prefer" | "recall"> {
  return {
    choices: wishes.choices,
    prefer: (key, choice) => wishes.choose(key, choice),
    async recall(key) {
      await placer.recall(key.user);
      return wishes.known(key);
    },
  };
}

/** Servers one user may have on the way: each looks at every node and holds room, so more would crowd out the others. */
const MAX_JOURNEYS = 10;

function tooMany(): AppError {
  const remedy = "Wait a minute, then start the next one.";
  return new AppError("TOO_MANY_STARTS", `${MAX_JOURNEYS} other servers of yours are being started`, {
    remedy,
  });
}

function describe(err: unknown, { user, server }: ServerKey, log: Log): Failure {
  if (err instanceof AppError) {
    const { code, message, remedy } = err;
    log.warn({ err, user, server }, "journey failed");
    return { code, message, remedy };
  }
  log.error({ err, user, server }, "journey failed unexpectedly");
  return { code: "UNEXPECTED", message: "an unexpected error, which is in the router's log", remedy: "" };
}
