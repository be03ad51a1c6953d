import { AppError } from "../../src/errors.ts";
import type { Clock, Store } from "../../src/ports.ts";

export interface MemoryStore extends Store {
  /** From now on every call throws STORE_UNAVAILABLE, or answers again. */
  setDown(isDown: boolean): void;
  /** Forgets everything, as a Redis without persistence does. */
  wipe(): void;
}

/** A store whose time is the clock's. */
export function createMemoryStore(clock: Clock): MemoryStore {
  const values = new Map<string, { readonly value: string; readonly untilMs: number }>();
  let isStoreDown = false;

  function live(key: string): string | undefined {
    if (isStoreDown) throw new AppError("STORE_UNAVAILABLE", "the store is down");
    const entry = values.get(key);
    return entry !== undefined && entry.untilMs > clock.now() ? entry.value : undefined;
  }

  return {
    get: async (key) => Promise.resolve().then(() => live(key)),
    set: async (key, value, ttlMs) =>
      Promise.resolve().then(() => {
        live(key);
        values.set(key, { value, untilMs: clock.now() + ttlMs });
      }),
    setIfAbsent: async (key, value, ttlMs) =>
      Promise.resolve().then(() => {
        if (live(key) !== undefined) return false;
        values.set(key, { value, untilMs: clock.now() + ttlMs });
        return true;
      }),
    delete: async (key) =>
      Promise.resolve().then(() => {
        live(key);
        values.delete(key);
      }),
    setDown(isDown) {
      isStoreDown = isDown;
    },
    wipe() {
      values.clear();
    },
  };
}
