import type { Channels } from "../../cache-ports.ts";

/** Channels within this process. */
export function createMemoryChannels(): Channels {
  const listeners = new Map<string, Set<(text: string) => void>>();

  return {
    publish(channel, text) {
      // As with Redis, the listeners' work is not the publisher's.
      for (const hear of listeners.get(channel) ?? []) {
        queueMicrotask(() => {
          hear(text);
        });
      }
      return Promise.resolve();
    },
    subscribe(channel, hear) {
      const all = listeners.get(channel) ?? new Set();
      listeners.set(channel, all.add(hear));
      return () => {
        all.delete(hear);
      };
    },
  };
}
