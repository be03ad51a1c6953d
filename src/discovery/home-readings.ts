import { AppError } from "../errors.ts";
import { createSharedWork } from "../lifecycle.ts";
import type { HomeReading } from "../home-model.ts";
import type { UserName } from "../model.ts";
import type { Clock, HomeReader, Log } from "../ports.ts";
import { lastRead } from "./decide/home-evidence.ts";
import { toReading, toUnreadable } from "./decide/home-reading.ts";
import type { HomePlaces } from "./home-places.ts";

export interface HomeReadingsDeps {
  readonly reader: Pick<HomeReader, "look">;
  readonly places: HomePlaces;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HomeReadings {
  /** The last word on every home that was looked at. */
  all(): ReadonlyMap<UserName, HomeReading>;
  /** Looks again unless the last look is at most so old. Callers who ask for the same share one look. */
  refresh(user: UserName, maxAgeMs: number, signal: AbortSignal): Promise<HomeReading>;
  /** Forgets what nobody has looked at since. */
  forgetBefore(atMs: number): void;
  stop(): Promise<void>;
}

/** What homes showed last. One that cannot be read keeps its last reading and says why. */
export function createHomeReadings({ reader, places, clock, log }: HomeReadingsDeps): HomeReadings {
  const readings = new Map<UserName, HomeReading>();
  const looking = createSharedWork(look);

  async function look(user: UserName, stopping: AbortSignal): Promise<HomeReading> {
    const before = readings.get(user);
    const after = await lookOnce(user, before, stopping);
    readings.set(user, after);
    tellChange(user, before, after);
    return after;
  }

  async function lookOnce(
    user: UserName,
    before: HomeReading | undefined,
    stopping: AbortSignal,
  ): Promise<HomeReading> {
    try {
      const seen = await reader.look(user, await places.homeOf(user, stopping), stopping);
      return toReading(seen, before, clock.now());
    } catch (err) {
      stopping.throwIfAborted();
      if (err instanceof AppError) return toUnreadable(before, err.message, clock.now());
      log.error({ err, user }, "home not read for an unexpected reason");
      return toUnreadable(before, "an unexpected error, which is in the router's log", clock.now());
    }
  }

  /** Homes that never could be read are nothing special: nobody has started a server there yet. */
  function tellChange(user: UserName, before: HomeReading | undefined, after: HomeReading): void {
    if (before?.kind === after.kind || lastRead(before) === undefined) return;
    if (after.kind === "read") log.info({ user }, "home can be read again");
    else log.warn({ user, reason: after.reason }, "home cannot be read any more");
  }

  return {
    all: () => readings,
    async refresh(user, maxAgeMs, signal) {
      const known = readings.get(user);
      if (known !== undefined && clock.now() - known.atMs <= maxAgeMs) return known;
      return looking.join(user, signal);
    },
    forgetBefore(oldestMs) {
      for (const [user, { atMs }] of readings) if (atMs < oldestMs) readings.delete(user);
    },
    stop: () => looking.stop(),
  };
}
