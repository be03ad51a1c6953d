import { Redis } from "ioredis";
import { AppError } from "../../errors.ts";
import type { Log, Service, Store } from "../../ports.ts";

export interface RedisStoreOptions {
  /** `redis://`, `rediss://`, or the path of a Unix socket. */
  readonly url: string;
  readonly prefix?: string;
  /** How long a command may take before the store counts as away. */
  readonly commandMs?: number;
  readonly connectMs?: number;
}

/**
 * The store that several routers share. Whatever keeps Redis from answering becomes STORE_UNAVAILABLE, at once while
 * the connection is known to be down; the connection is taken up again in the background.
 */
export function createRedisStore(options: RedisStoreOptions, log: Log): Store & Service {
  const { url, prefix = "multijhub:", commandMs = 1000, connectMs = 2000 } = options;
  const redis = new Redis(url, {
    lazyConnect: true,
    keyPrefix: prefix,
    connectTimeout: connectMs,
    commandTimeout: commandMs,
    disconnectTimeout: 500,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(2000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2),
  });
  let state: "new" | "up" | "away" = "new";
  let isStopped = false;
  // Without a listener ioredis writes every failed attempt to the console.
  redis.on("error", () => undefined);
  redis.on("ready", () => {
    if (state === "away") log.info({}, "store answers again");
    state = "up";
  });
  redis.on("close", () => {
    if (state === "up" && !isStopped) log.warn({}, "store lost");
    state = "away";
  });

  async function attempt<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  return {
    get: async (key) => (await attempt(() => redis.get(key))) ?? undefined,
    async set(key, value, ttlMs) {
      await attempt(() => redis.set(key, value, "PX", ttlOf(ttlMs)));
    },
    async setIfAbsent(key, value, ttlMs) {
      return (await attempt(() => redis.set(key, value, "PX", ttlOf(ttlMs), "NX"))) === "OK";
    },
    async delete(key) {
      await attempt(() => redis.del(key));
    },
    async start() {
      // A router starts without its store, and uses it when it comes.
      await redis.connect().catch((err: unknown) => {
        log.warn({ err: unavailable(err) }, "store not available at start");
      });
    },
    stop() {
      isStopped = true;
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** Redis wants whole milliseconds, at least one. */
function ttlOf(ttlMs: number): number {
  return Math.max(1, Math.round(ttlMs));
}

function unavailable(cause: unknown): AppError {
  return new AppError("STORE_UNAVAILABLE", "the store (Redis) does not answer", {
    cause,
    remedy: "Look whether Redis runs where `cache.url` says, and accepts the router.",
  });
}
