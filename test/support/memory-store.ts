import { createMemoryCache } from "../../src/discovery/io/cache.ts";
import { AppError } from "../../src/errors.ts";
import type { Cache, CacheWatch } from "../../src/cache-ports.ts";
import type { Clock } from "../../src/ports.ts";

export interface MemoryStore extends Cache, Pick<CacheWatch, "onReturn"> {
  /** From now on every call throws STORE_UNAVAILABLE, or answers again. */
  setDown(isDown: boolean): void;
  /** Forgets everything, as a Redis without persistence does. */
  wipe(): void;
  /** Has everybody write again what must be there. */
  refill(): Promise<void>;
}

/** A cache whose time is the clock's. */
export function createMemoryStore(clock: Pick<Clock, "now">): MemoryStore {
  const { publish, subscribe } = createMemoryCache(clock);
  const refills: (() => Promise<void>)[] = [];
  let cache = createMemoryCache(clock);
  let isStoreDown = false;

  async function live<T>(work: () => Promise<T>): Promise<T> {
    await Promise.resolve();
    if (isStoreDown) throw new AppError("STORE_UNAVAILABLE", "the store is down");
    return work();
  }

  return {
    get: (key) => live(() => cache.get(key)),
    set: (key, value, ttlMs) => live(() => cache.set(key, value, ttlMs)),
    setIfAbsent: (key, value, ttlMs) => live(() => cache.setIfAbsent(key, value, ttlMs)),
    delete: (key) => live(() => cache.delete(key)),
    acquire: (name, holder, ttlMs) => live(() => cache.acquire(name, holder, ttlMs)),
    renew: (name, token, ttlMs) => live(() => cache.renew(name, token, ttlMs)),
    release: (name, token) => live(() => cache.release(name, token)),
    publish: (channel, text) => live(() => publish(channel, text)),
    subscribe,
    setDown(isDown) {
      isStoreDown = isDown;
    },
    wipe() {
      cache = createMemoryCache(clock);
    },
    onReturn(refill) {
      refills.push(refill);
    },
    async refill() {
      for (const refill of refills) await refill();
    },
  };
}
