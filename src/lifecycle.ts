import { unlessAborted } from "./deadline.ts";
import { AppError } from "./errors.ts";
import type { Clock, Log, Service } from "./ports.ts";

/** Runs `step` every `everyMs`, never overlapping itself. A failed step is logged; the next still runs. */
export function createLoop(
  name: string,
  everyMs: number,
  step: (signal: AbortSignal) => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Service {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await step(stopping.signal);
      } catch (err) {
        if (!stopping.signal.aborted) log.warn({ err, loop: name }, "loop step failed");
      }
      await clock.sleep(everyMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    start() {
      running ??= run();
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export interface SharedWork<K, T> {
  /** The run that is under way for `key`, or a new one. A caller that leaves gets its own reason and cancels nothing. */
  join(key: K, signal: AbortSignal): Promise<T>;
  /** Aborts every run, and waits for its end. */
  stop(): Promise<void>;
}

/** Work that many wait for and nobody owns. */
export function createSharedWork<K, T>(
  work: (key: K, stopping: AbortSignal) => Promise<T>,
): SharedWork<K, T> {
  const stopping = new AbortController();
  const underWay = new Map<K, Promise<T>>();

  function begin(key: K): Promise<T> {
    const run = work(key, stopping.signal).finally(() => underWay.delete(key));
    run.catch(() => undefined);
    underWay.set(key, run);
    return run;
  }

  return {
    async join(key, signal) {
      signal.throwIfAborted();
      stopping.signal.throwIfAborted();
      return unlessAborted(underWay.get(key) ?? begin(key), signal);
    },
    async stop() {
      stopping.abort(new AppError("STOPPING", "the router is stopping"));
      await Promise.allSettled(underWay.values());
    },
  };
}

/** Starts in order; stops in reverse. If a start fails, what had started is stopped. */
export async function startAll(services: readonly Service[]): Promise<() => Promise<void>> {
  const started: Service[] = [];

  async function stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let service = started.pop(); service !== undefined; service = started.pop()) {
      await service.stop().catch((err: unknown) => failures.push(err));
    }
    if (failures.length > 0) throw new AggregateError(failures, "stop failed");
  }

  try {
    for (const service of services) {
      await service.start();
      started.push(service);
    }
  } catch (err) {
    await stopAll();
    throw err;
  }
  return stopAll;
}
