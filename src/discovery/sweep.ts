import { createLoop } from "../lifecycle.ts";
import type { HomeReading } from "../home-model.ts";
import type { UserName } from "../model.ts";
import type { Service } from "../ports.ts";
import { lastRead } from "./decide/home-evidence.ts";
import { fanOut } from "./fan-out.ts";
import { createHomeReadings, type HomeReadingsDeps } from "./home-readings.ts";

export interface SweepDeps extends HomeReadingsDeps {
  /** The users whom hubs know to have servers. */
  readonly known: () => Iterable<UserName>;
}

export interface SweepOptions {
  /** The homes of users who have servers, or whom somebody asked for lately. */
  readonly everyMs: number;
  /** All homes. */
  readonly scanEveryMs: number;
  /** Homes looked at at the same time, by each of the two. */
  readonly fanOut: number;
  /** How long a user counts as asked for lately. */
  readonly rememberMs: number;
}

export interface Sweep extends Service {
  /** The last word on a user's home. */
  reading(user: UserName): HomeReading | undefined;
  /** Looks again unless the last look is at most so old; who is asked for is looked at by every round for a while. */
  refresh(user: UserName, maxAgeMs: number, signal: AbortSignal): Promise<HomeReading>;
  readings(): ReadonlyMap<UserName, HomeReading>;
}

/** Reads homes: of users who have servers, or who wait for one, all the time, and all others from time to time. */
export function createSweep(deps: SweepDeps, options: SweepOptions): Sweep {
  const { places, clock, log } = deps;
  const homes = createHomeReadings(deps);
  const askedAtMs = new Map<UserName, number>();
  const loops = [
    createLoop("sweep", options.everyMs, round, { clock, log }),
    createLoop("scan of all homes", options.scanEveryMs, scan, { clock, log }),
  ];

  async function lookAtAll(users: readonly UserName[], maxAgeMs: number, signal: AbortSignal): Promise<void> {
    await fanOut(users, options.fanOut, (user) => homes.refresh(user, maxAgeMs, signal));
  }

  async function round(signal: AbortSignal): Promise<void> {
    // A home that hangs delays nobody's next turn: the look goes on, and the next round joins it.
    const end = AbortSignal.any([signal, clock.deadline(options.everyMs)]);
    await lookAtAll(interesting(), options.everyMs / 2, end);
  }

  function interesting(): readonly UserName[] {
    const oldestMs = clock.now() - options.rememberMs;
    for (const [user, atMs] of askedAtMs) if (atMs < oldestMs) askedAtMs.delete(user);
    const holders = [...homes.all()].flatMap(([user, reading]) => (holdsSomething(reading) ? [user] : []));
    return [...new Set([...deps.known(), ...askedAtMs.keys(), ...holders])];
  }

  async function scan(signal: AbortSignal): Promise<void> {
    const startMs = clock.now();
    const users = await places.everybody(signal);
    await lookAtAll(users, options.scanEveryMs / 2, signal);
    signal.throwIfAborted();
    homes.forgetBefore(startMs - 2 * options.scanEveryMs);
    if (users.length === 0) return;
    const unreadable = [...homes.all().values()].filter(({ kind }) => kind === "unreadable").length;
    log.info({ homes: users.length, unreadable, ms: clock.now() - startMs }, "all homes looked at");
  }

  return {
    reading: (user) => homes.all().get(user),
    readings: () => homes.all(),
    refresh(user, maxAgeMs, signal) {
      askedAtMs.set(user, clock.now());
      return homes.refresh(user, maxAgeMs, signal);
    },
    async start() {
      for (const loop of loops) await loop.start();
    },
    async stop() {
      await Promise.all([homes.stop(), ...loops.map((loop) => loop.stop())]);
    },
  };
}

function holdsSomething(reading: HomeReading): boolean {
  const last = lastRead(reading);
  return last !== undefined && last.records.length + last.claims.length > 0;
}
