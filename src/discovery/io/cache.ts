import type { Cache } from "../../cache-ports.ts";
import type { Clock, Service } from "../../ports.ts";
import { createMemoryChannels } from "./memory-channels.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { createMemoryStore } from "./memory-store.ts";
import { createRedisChannels } from "./redis-channels.ts";
import { createRedisConnection, type RedisConnectionOptions } from "./redis-connection.ts";
import { createRedisLeases } from "./redis-leases.ts";
import { createRedisStore } from "./redis-store.ts";

/** The cache of a router that is alone: its own memory. */
export function createMemoryCache(clock: Pick<Clock, "now">): Cache {
  return { ...createMemoryStore(clock), ...createMemoryLeases(clock), ...createMemoryChannels() };
}

/** The cache that several routers share. */
export function createRedisCache(options: RedisConnectionOptions): Cache & Service {
  const connection = createRedisConnection(options);
  return {
    ...createRedisStore(connection),
    ...createRedisLeases(connection),
    ...createRedisChannels(connection),
    start: () => connection.start(),
    stop: () => connection.stop(),
  };
}
