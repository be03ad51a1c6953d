import type { Command } from "commander";
import { createApp } from "../app.ts";
import { startAll } from "../lifecycle.ts";
import { createLog, createSystemClock, createSystemRandom } from "../system.ts";
import { configOf } from "./admin-client.ts";

/** `serve`: runs the router until SIGTERM or SIGINT; a second signal ends it at once. */
export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("run the router")
    .action(async () => {
      const config = configOf(program);
      const log = createLog(config.log.level);
      const system = { clock: createSystemClock(), random: createSystemRandom(), log };
      const stopped = nextSignal();
      const app = await createApp(config, system);
      const stop = await startAll(app.services);
      log.info({ url: app.url() }, "serving");
      const signal = await stopped;
      log.info({ signal }, "stopping");
      void nextSignal().then(() => process.exit(1));
      await stop();
      log.info({}, "stopped");
    });
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
