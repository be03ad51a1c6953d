import type { Channels } from "../../cache-ports.ts";
import { createMemoryChannels } from "./memory-channels.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** Channels over Redis' publish and subscribe; subscribed anew after every connection. */
export function createRedisChannels({ key, call, listener }: RedisConnection): Channels {
  const here = createMemoryChannels();
  const wanted = new Set<string>();
  listener.on("ready", () => void listen([...wanted]));
  listener.on("message", (channel: string, text: string) => {
    const [name] = [...wanted].filter((one) => key(one) === channel);
    if (name !== undefined) void here.publish(name, text);
  });

  /** What fails now is done when the connection is there again. */
  async function listen(names: readonly string[]): Promise<void> {
    if (names.length > 0) await listener.subscribe(...names.map(key)).catch(() => undefined);
  }

  return {
    async publish(channel, text) {
      await call((redis) => redis.publish(key(channel), text));
    },
    subscribe(channel, hear) {
      if (!wanted.has(channel)) {
        wanted.add(channel);
        if (listener.status === "ready") void listen([channel]);
      }
      return here.subscribe(channel, hear);
    },
  };
}
