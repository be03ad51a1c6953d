import type { Command } from "commander";
import { Client } from "undici";
import { z } from "zod";
import { adminSocketOf, loadConfig, type Config } from "../config.ts";
import { AppError } from "../errors.ts";

/** The configuration that `--config` names. */
export function configOf(program: Command): Config {
  return loadConfig(program.opts<{ config: string }>().config);
}

/** Asks the running router of that configuration; its answers are documented in docs/openapi.yaml. */
export function askFrom(
  program: Command,
  method: "GET" | "POST",
  path: string,
  input?: object,
): Promise<unknown> {
  return askRouter(configOf(program), method, path, input);
}

/** Asks the running router. Throws ROUTER_NOT_RUNNING, or API_REFUSED with the router's own words. */
async function askRouter(
  config: Config,
  method: "GET" | "POST",
  path: string,
  input?: object,
): Promise<unknown> {
  const socketPath = adminSocketOf(config);
  const client = new Client("http://localhost", { socketPath, headersTimeout: 30_000 });
  try {
    const sent = input && { headers: { "content-type": "application/json" }, body: JSON.stringify(input) };
    const answer = await client.request({ method, path, ...sent });
    const body: unknown = await answer.body.json();
    if (answer.statusCode < 400) return body;
    const { message = `the router answered ${answer.statusCode}`, remedy } = wordsOf(body);
    throw new AppError("API_REFUSED", message, { ...(remedy !== undefined && { remedy }) });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("ROUTER_NOT_RUNNING", `no router answers at ${socketPath}`, {
      cause,
      remedy: "start it with `multijhub serve`, run this as the router's account, or give its --config",
    });
  } finally {
    await client.destroy();
  }
}

function wordsOf(body: unknown): { readonly message?: string; readonly remedy?: string } {
  const parsed = Refusal.safeParse(body);
  return parsed.success ? parsed.data.error : {};
}

const Refusal = z.object({
  error: z.object({ message: z.string().exactOptional(), remedy: z.string().exactOptional() }),
});
