import { createTask, type ScheduledTask } from "node-cron";
import type { Log, Service } from "../../ports.ts";

export interface CronOptions {
  readonly expression: string;
  readonly timeZone: string;
}

/**
 * Calls `run` at the times of a cron expression, with the time that was meant. While a call lasts there is no other, and
 * a time that was missed, as the machine slept or was too busy, is not made up for.
 */
export function createCronSchedule(
  { expression, timeZone }: CronOptions,
  run: (meantAtMs: number) => Promise<void>,
  log: Log,
): Service {
  let task: ScheduledTask | undefined;
  let running: Promise<void> = Promise.resolve();

  function begin(meantAtMs: number): Promise<void> {
    running = run(meantAtMs).catch((err: unknown) => {
      log.error({ err }, "scheduled rebalancing failed");
    });
    return running;
  }

  return {
    async start() {
      const options = {
        timezone: timeZone,
        noOverlap: true,
        suppressMissedWarning: true,
        logger: quiet(log),
      };
      task ??= createTask(expression, ({ date }) => begin(date.getTime()), options);
      task.on("execution:missed", ({ date }) => {
        log.warn({ meant: date.toISOString() }, "scheduled rebalancing missed, and not made up for");
      });
      await task.start();
    },
    async stop() {
      await task?.destroy();
      task = undefined;
      await running;
    },
  };
}

/** The library's own words are of use to who looks for an error in it. */
function quiet(log: Log) {
  function tell(message: string | Error): void {
    log.debug({ cron: String(message) }, "cron");
  }
  return { info: tell, warn: tell, error: tell, debug: tell };
}
