import type { ServerKey } from "../../model.ts";
import { keyText } from "../../model.ts";
import type { Clock, Random } from "../../ports.ts";
import { createDecisions, type Decisions } from "./decisions.ts";
import { advance, beginJourney, type Journey, type JourneyEvent } from "./decide/journey.ts";

/** A journey while somebody travels it. */
export interface Trip extends Decisions {
  readonly key: ServerKey;
  journey(): Journey;
  tell(event: JourneyEvent): void;
}

interface KeptTrip extends Trip {
  readonly watchers: Set<() => void>;
  endedAtMs?: number;
}

export interface JourneysOptions {
  /** How long a finished journey is there for a reload to find. */
  readonly keepFailedMs: number;
  readonly keepArrivedMs: number;
}

/** The journeys under way and lately over: at most one a server, watched by anybody. */
export function createJourneys(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  options: JourneysOptions,
) {
  const trips = new Map<string, KeptTrip>();

  /** Begins a journey in place of the one before. */
  function begin(key: ServerKey): Trip {
    dropOld();
    let journey = beginJourney(random.token(12), key, clock.now());
    const watchers = new Set<() => void>();
    const trip: KeptTrip = {
      key,
      watchers,
      ...createDecisions(),
      journey: () => journey,
      tell(event) {
        journey = advance(journey, event);
        if (journey.outcome !== undefined) trip.endedAtMs ??= clock.now();
        for (const wake of [...watchers]) wake();
      },
    };
    trips.set(keyText(key), trip);
    return trip;
  }

  function find(key: ServerKey): Trip | undefined {
    dropOld();
    return trips.get(keyText(key));
  }

  /** How many servers of the user are on the way, or lately were, besides this one. */
  function countBeside({ user, server }: ServerKey): number {
    dropOld();
    return [...trips.values()].filter(({ key }) => key.user === user && key.server !== server).length;
  }

  /** See `WayIn.next`. */
  async function next(key: ServerKey, isNews: (journey: Journey) => boolean, signal: AbortSignal) {
    for (;;) {
      const trip = trips.get(keyText(key));
      const journey = trip?.journey();
      if (trip === undefined || journey === undefined) return undefined;
      if (isNews(journey)) return journey;
      if (journey.outcome !== undefined) return undefined;
      await change(trip, signal);
    }
  }

  function dropOld(): void {
    const now = clock.now();
    for (const [name, trip] of trips) {
      if (trip.endedAtMs !== undefined && now - trip.endedAtMs >= keptFor(trip)) trips.delete(name);
    }
  }

  function keptFor(trip: Trip): number {
    return trip.journey().outcome?.kind === "arrived" ? options.keepArrivedMs : options.keepFailedMs;
  }

  return { begin, find, countBeside, next };
}

/** Resolves at the next event of the trip; rejects when the watcher leaves. */
function change(trip: KeptTrip, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    function leave(): void {
      trip.watchers.delete(wake);
      reject(signal.reason as Error);
    }
    function wake(): void {
      trip.watchers.delete(wake);
      signal.removeEventListener("abort", leave);
      resolve();
    }
    trip.watchers.add(wake);
    signal.addEventListener("abort", leave, { once: true });
  });
}
