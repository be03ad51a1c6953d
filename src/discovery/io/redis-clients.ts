import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import type { HostPort, RedisAccount, RedisPlace } from "../decide/redis-place.ts";

export interface RedisClientOptions {
  readonly place: RedisPlace;
  readonly account?: RedisAccount;
  /** Certificates of authorities, in PEM, in place of the system's. */
  readonly ca?: string;
  /** How long a command may take before Redis counts as away. */
  readonly commandMs: number;
  readonly connectMs: number;
}

export type RedisClient = Redis | Cluster;

export interface RedisClients {
  readonly commands: RedisClient;
  /** Only listens: a connection of its own, as Redis wants it. */
  readonly listener: RedisClient;
}

/** Clients that connect when told to, fail at once while there is no connection, and take it up again by themselves. */
export function createRedisClients(options: RedisClientOptions): RedisClients {
  if (options.place.kind === "cluster") {
    // A cluster client listens on a connection of its own anyhow.
    const cluster = createCluster(options.place.nodes, options);
    return { commands: cluster, listener: cluster };
  }
  const commands = new Redis({ ...connectionOptions(options), ...placeOptions(options.place, options.ca) });
  return { commands, listener: commands.duplicate() };
}

function createCluster(nodes: readonly HostPort[], options: RedisClientOptions) {
  const settings: ClusterOptions = {
    lazyConnect: true,
    enableOfflineQueue: false,
    slotsRefreshTimeout: options.connectMs,
    // An instance that hangs is given up, so that its successor is found.
    redisOptions: { ...connectionOptions(options), socketTimeout: 2 * options.commandMs },
    clusterRetryStrategy: pauseMs,
  };
  return new Cluster([...nodes], settings);
}

function placeOptions(place: Exclude<RedisPlace, { kind: "cluster" }>, ca?: string): RedisOptions {
  if (place.kind === "socket") return { path: place.path };
  if (place.kind === "server") {
    return { ...place.at, db: place.database, ...(place.tls && { tls: ca === undefined ? {} : { ca } }) };
  }
  return {
    sentinels: place.sentinels.map((at) => ({ ...at })),
    name: place.name,
    sentinelRetryStrategy: pauseMs,
  };
}

function connectionOptions({ account = {}, commandMs, connectMs }: RedisClientOptions): RedisOptions {
  return {
    ...account,
    lazyConnect: true,
    connectTimeout: connectMs,
    commandTimeout: commandMs,
    disconnectTimeout: 500,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    // Whoever was primary and is no longer is left for its successor.
    reconnectOnError: ({ message }) => message.startsWith("READONLY"),
    maxRetriesPerRequest: 0,
    retryStrategy: pauseMs,
    // Done anew after every connection, also after one that never came about.
    autoResubscribe: false,
  };
}

/** Before the next attempt to connect: longer from time to time, and not all routers at once. */
function pauseMs(attempt: number): number {
  return Math.min(2000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
