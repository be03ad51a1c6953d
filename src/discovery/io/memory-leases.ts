import type { Leases } from "../../cache-ports.ts";
import type { Clock } from "../../ports.ts";

interface Held {
  readonly holder: string;
  readonly token: number;
  readonly untilMs: number;
}

/** Leases within this process. */
export function createMemoryLeases(clock: Pick<Clock, "now">): Leases {
  const leases = new Map<string, Held>();

  function live(name: string): Held | undefined {
    const lease = leases.get(name);
    return lease !== undefined && lease.untilMs > clock.now() ? lease : undefined;
  }

  return {
    acquire(name, holder, ttlMs) {
      const current = live(name);
      if (current !== undefined && current.holder !== holder) return Promise.resolve(undefined);
      const token = Math.max((leases.get(name)?.token ?? 0) + 1, clock.now());
      leases.set(name, { holder, token, untilMs: clock.now() + ttlMs });
      return Promise.resolve(token);
    },
    renew(name, token, ttlMs) {
      const current = live(name);
      if (current?.token !== token) return Promise.resolve(false);
      leases.set(name, { ...current, untilMs: clock.now() + ttlMs });
      return Promise.resolve(true);
    },
    release(name, token) {
      const lease = leases.get(name);
      if (lease?.token === token) leases.set(name, { ...lease, untilMs: 0 });
      return Promise.resolve();
    },
  };
}
