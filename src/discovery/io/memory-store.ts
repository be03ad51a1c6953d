import type { Store } from "../../cache-ports.ts";
import type { Clock } from "../../ports.ts";

const SWEEP_EVERY_MS = 60_000;

/** The store of a router that is alone: its own memory. What has expired is swept out once a minute, as it is used. */
export function createMemoryStore(clock: Pick<Clock, "now">): Store {
  const values = new Map<string, { readonly value: string; readonly untilMs: number }>();
  let sweptAtMs = clock.now();

  function live(key: string): string | undefined {
    const entry = values.get(key);
    return entry !== undefined && entry.untilMs > clock.now() ? entry.value : undefined;
  }

  function put(key: string, value: string, ttlMs: number): void {
    const now = clock.now();
    if (now - sweptAtMs >= SWEEP_EVERY_MS) {
      for (const [old, { untilMs }] of values) if (untilMs <= now) values.delete(old);
      sweptAtMs = now;
    }
    values.set(key, { value, untilMs: now + ttlMs });
  }

  return {
    get: (key) => Promise.resolve(live(key)),
    set(key, value, ttlMs) {
      put(key, value, ttlMs);
      return Promise.resolve();
    },
    setIfAbsent(key, value, ttlMs) {
      if (live(key) !== undefined) return Promise.resolve(false);
      put(key, value, ttlMs);
      return Promise.resolve(true);
    },
    delete(key) {
      values.delete(key);
      return Promise.resolve();
    },
  };
}
