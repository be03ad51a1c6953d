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
