import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Random } from "../../src/ports.ts";

/** Real time, for tests of adapters: short waits against the real thing. */
export const systemClock: Clock = {
  now: () => Date.now(),
  timeZone: "UTC",
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  deadline: (ms) => AbortSignal.timeout(ms),
};

/** Always the same number. */
export function createFixedRandom(value = 0.5): Random {
  return { next: () => value, token: (bytes) => "r".repeat(Math.ceil((bytes * 4) / 3)) };
}
