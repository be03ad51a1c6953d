import { AppError } from "../errors.ts";
import { createLoop } from "../lifecycle.ts";
import type { Hold, Leadership, Leases } from "../cache-ports.ts";
import type { Clock, Log, Service } from "../ports.ts";

export interface LeadershipDeps {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LeadershipOptions {
  readonly name: string;
  /** Tells this router from the others. */
  readonly holder: string;
  /** A router that dies is succeeded after this. */
  readonly ttlMs: number;
}

interface HeldLease extends Hold {
  readonly over: AbortController;
  untilMs: number;
}

/**
 * Holds a lease while it runs, if no other router does. Its time counts from before it was asked for, so it is over here
 * no later than in the cache: also while the cache is away.
 */
export function createLeadership(
  { leases, clock, log }: LeadershipDeps,
  { name, holder, ttlMs }: LeadershipOptions,
): Leadership & Service {
  let held: HeldLease | undefined;
  const loop = createLoop(`lease ${name}`, ttlMs / 3, keep, { clock, log });

  function hold(): HeldLease | undefined {
    if (held !== undefined && held.untilMs <= clock.now()) lose("it was not renewed in time");
    return held;
  }

  async function keep(): Promise<void> {
    const untilMs = clock.now() + ttlMs;
    try {
      const current = hold();
      if (current === undefined) await take(untilMs);
      else if (await confirm(current)) current.untilMs = untilMs;
    } catch (err) {
      log.debug({ err, lease: name }, "lease not taken");
    }
  }

  async function take(untilMs: number): Promise<void> {
    const token = await leases.acquire(name, holder, ttlMs);
    if (token === undefined) return;
    const over = new AbortController();
    const lease = { token, lost: over.signal, over, untilMs, confirm: () => confirm(lease) };
    held = lease;
    log.info({ lease: name, token }, "lease taken");
    void tellEnd(lease);
  }

  async function confirm(lease: HeldLease): Promise<boolean> {
    const isOurs = await leases.renew(name, lease.token, ttlMs).catch(() => undefined);
    if (isOurs === false && hold() === lease) lose("another router has it, or the cache was emptied");
    return isOurs === true && hold() === lease;
  }

  /** Whoever only listens to `lost` learns of the end in time, too. */
  async function tellEnd(lease: HeldLease): Promise<void> {
    while (hold() === lease) {
      await clock.sleep(lease.untilMs - clock.now(), lease.lost).catch(() => undefined);
    }
  }

  function lose(why: string): void {
    const former = held;
    held = undefined;
    if (former === undefined) return;
    former.over.abort(new AppError("LEASE_LOST", `the lease ${name} is lost: ${why}`));
    log.warn({ lease: name, token: former.token, why }, "lease lost");
  }

  return {
    hold,
    start: () => loop.start(),
    async stop() {
      await loop.stop();
      const former = hold();
      if (former === undefined) return;
      held = undefined;
      former.over.abort(new AppError("STOPPING", "the router is stopping"));
      await leases.release(name, former.token).catch(() => undefined);
    },
  };
}
