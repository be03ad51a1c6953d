import { readFileSync } from "node:fs";
import type { CacheConfig } from "../cache-config.ts";
import { createCacheWatch } from "../discovery/cache-watch.ts";
import { describePlace, type RedisAccount } from "../discovery/decide/redis-place.ts";
import { createMemoryCache, createRedisCache } from "../discovery/io/cache.ts";
import { createLeadership } from "../discovery/leadership.ts";
import { AppError } from "../errors.ts";
import type { Cache, CacheWatch, Leadership } from "../cache-ports.ts";
import type { Service } from "../ports.ts";
import type { System } from "./node-reach.ts";
import { readSecret } from "./secret-file.ts";

export interface SharedState {
  readonly cache: Cache & CacheWatch;
  /** For what only one router may do. */
  readonly leadership: Leadership;
  readonly isUp: () => boolean;
  readonly isLeader: () => boolean;
  /** In the order they start. */
  readonly services: readonly Service[];
}

/** What routers share, or this one's own memory. Reads the password; throws BAD_CONFIG. */
export function composeCache(config: CacheConfig, router: string, system: System): SharedState {
  const cache = createCache(config, system);
  const watch = createCacheWatch({ ...system, store: cache }, { everyMs: WATCH_MS });
  const leadership = createLeadership(
    { ...system, leases: cache },
    { name: "loops", holder: router, ttlMs: LEASE_MS },
  );
  return {
    cache: { ...cache, isUp: watch.isUp, onReturn: watch.onReturn },
    leadership,
    isUp: watch.isUp,
    isLeader: () => leadership.hold() !== undefined,
    services: [cache, watch, leadership],
  };
}

/** How often the cache is looked at. */
const WATCH_MS = 1000;
/** How soon after a leader's death another router leads. */
const LEASE_MS = 15_000;

/** The cache alone. Reads the password; throws BAD_CONFIG. */
export function createCache(config: CacheConfig, { clock, log }: System): Cache & Service {
  const { place, account, passwordFile, caFile } = config;
  if (place === undefined) {
    return { ...createMemoryCache(clock), start: () => Promise.resolve(), stop: () => Promise.resolve() };
  }
  log.info({ place: describePlace(place) }, "cache in Redis");
  const ca = caFile === undefined ? {} : { ca: readCertificates(caFile) };
  return createRedisCache({ place, account: withPassword(account, passwordFile), ...ca });
}

function withPassword(account: RedisAccount, file: string | undefined): RedisAccount {
  return file === undefined ? account : { ...account, password: readSecret(file, "cache.password_file") };
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const remedy = "name in cache.ca_file the authority's certificate, in PEM";
    throw new AppError("BAD_CONFIG", `cannot read ${file}: ${(cause as Error).message}`, { cause, remedy });
  }
}
