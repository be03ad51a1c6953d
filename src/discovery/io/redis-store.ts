import type { Store } from "../../cache-ports.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** Values in Redis. */
export function createRedisStore({ key, call }: Pick<RedisConnection, "key" | "call">): Store {
  return {
    get: async (name) => (await call((redis) => redis.get(key(name)))) ?? undefined,
    async set(name, value, ttlMs) {
      await call((redis) => redis.set(key(name), value, "PX", ttlOf(ttlMs)));
    },
    async setIfAbsent(name, value, ttlMs) {
      return (await call((redis) => redis.set(key(name), value, "PX", ttlOf(ttlMs), "NX"))) === "OK";
    },
    async delete(name) {
      await call((redis) => redis.del(key(name)));
    },
  };
}

/** Redis wants whole milliseconds, at least one. */
function ttlOf(ttlMs: number): number {
  return Math.max(1, Math.round(ttlMs));
}
