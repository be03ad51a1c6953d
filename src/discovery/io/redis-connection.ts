import { Redis } from "ioredis";
import { unlessAborted } from "../../deadline.ts";
import type { Service } from "../../ports.ts";
import { createRedisClients, type RedisClient, type RedisClientOptions } from "./redis-clients.ts";
import { unavailable } from "./redis-failure.ts";

export interface RedisConnectionOptions
  extends
    Pick<RedisClientOptions, "place" | "account" | "ca">,
    Partial<Omit<RedisClientOptions, "place" | "account" | "ca">> {
  /** Before every key and channel. */
  readonly prefix?: string;
}

export interface RedisConnection extends Service {
  /** `name` as Redis keeps it. */
  readonly key: (name: string) => string;
  /** Whatever keeps Redis from answering in time becomes STORE_UNAVAILABLE. */
  readonly call: <T>(work: (client: RedisClient) => Promise<T>) => Promise<T>;
  /** For listening only. */
  readonly listener: RedisClient;
}

/** The way to Redis. A router starts without it, and uses it when it comes. */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { prefix = "multijhub:", commandMs = 1000, connectMs = 2000 } = options;
  const { commands, listener } = createRedisClients({ ...options, commandMs, connectMs });
  const clients = [...new Set([commands, listener])];
  // Without a listener ioredis writes every failed attempt to the console.
  for (const client of clients) client.on("error", () => undefined);

  async function call<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await unlessAborted(work(commands), AbortSignal.timeout(commandMs));
    } catch (cause) {
      if (isTimeout(cause)) giveUpHanging();
      throw unavailable(cause);
    }
  }

  /** A Redis that hangs keeps its connections: without a new one, everybody would wait for every command. */
  function giveUpHanging(): void {
    if (commands instanceof Redis && commands.status === "ready") commands.disconnect(true);
  }

  return {
    key: (name) => `${prefix}${name}`,
    call,
    listener,
    async start() {
      await Promise.all(clients.map((client) => client.connect().catch(() => undefined)));
    },
    stop() {
      for (const client of clients) client.disconnect();
      return Promise.resolve();
    },
  };
}

function isTimeout(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return cause.name === "TimeoutError" || cause.message === "Command timed out";
}
