import type { Clock } from "../../src/ports.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export interface FakeClock extends Clock {
  /** Moves time, waking sleepers one by one in their order, each with the work it causes done. */
  advance(ms: number): Promise<void>;
}

/** Time moves only when the test says so. */
export function createFakeClock(start = 0): FakeClock {
  let time = start;
  let sleepers: Sleeper[] = [];

  function nextDue(end: number): Sleeper | undefined {
    return sleepers.filter((s) => s.at <= end).toSorted((a, b) => a.at - b.at)[0];
  }

  return {
    now: () => time,
    timeZone: "UTC",
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        function leave(): void {
          sleepers = sleepers.filter((s) => s !== sleeper);
          reject(signal.reason as Error);
        }
        const sleeper = {
          at: time + ms,
          wake() {
            signal.removeEventListener("abort", leave);
            resolve();
          },
        };
        sleepers.push(sleeper);
        signal.addEventListener("abort", leave, { once: true });
      }),
    deadline(ms) {
      const controller = new AbortController();
      const reason = new DOMException("deadline", "TimeoutError");
      sleepers.push({
        at: time + ms,
        wake: () => {
          controller.abort(reason);
        },
      });
      return controller.signal;
    },
    async advance(ms) {
      const end = time + ms;
      await settle();
      for (let due = nextDue(end); due !== undefined; due = nextDue(end)) {
        const sleeper = due;
        sleepers = sleepers.filter((s) => s !== sleeper);
        time = Math.max(time, sleeper.at);
        sleeper.wake();
        await settle();
      }
      time = end;
    },
  };
}

/** Lets everything that can run now run: promise jobs and one turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
