import { createLoop } from "../lifecycle.ts";
import type { CacheWatch, Store } from "../cache-ports.ts";
import type { Clock, Log, Random, Service } from "../ports.ts";

export interface CacheWatchDeps {
  readonly store: Pick<Store, "get" | "setIfAbsent">;
  readonly random: Pick<Random, "token">;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Looks after the cache by a value that stays in it as long as nothing is lost: gone or another one, and the cache was
 * emptied. Without the cache the router serves on; what only this router knows is written again when it is back.
 */
export function createCacheWatch(
  { store, random, clock, log }: CacheWatchDeps,
  { everyMs }: { readonly everyMs: number },
): CacheWatch & Service {
  const refills: (() => Promise<void>)[] = [];
  let state: "new" | "up" | "away" = "new";
  let known: string | undefined;

  async function look(): Promise<void> {
    try {
      const witness = (await store.get(WITNESS)) ?? (await leaveWitness());
      if (state === "up" && witness === known) return;
      for (const refill of refills) await refill();
      tellReturn();
      known = witness;
      state = "up";
    } catch (err) {
      if (state !== "away") log.warn({ err }, "cache away: this router goes on alone");
      state = "away";
    }
  }

  async function leaveWitness(): Promise<string | undefined> {
    const own = random.token(9);
    return (await store.setIfAbsent(WITNESS, own, WITNESS_MS)) ? own : store.get(WITNESS);
  }

  function tellReturn(): void {
    if (state === "away") log.info({}, "cache answers again");
    if (state === "up") log.warn({}, "cache was emptied, and is filled again");
  }

  const loop = createLoop("cache watch", everyMs, look, { clock, log });
  return {
    isUp: () => state === "up",
    onReturn(refill) {
      refills.push(refill);
    },
    start: () => loop.start(),
    stop: () => loop.stop(),
  };
}

const WITNESS = "witness";
const WITNESS_MS = 365 * 86_400_000;
