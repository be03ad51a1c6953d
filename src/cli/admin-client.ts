import type { Command } from "commander";
import { Client } from "undici";
import { adminSocketOf, loadConfig, type Config } from "../config.ts";
import { AppError } from "../errors.ts";

/** The configuration that `--config` names. */
export function configOf(program: Command): Config {
  return loadConfig(program.opts<{ config: string }>().config);
}

/** Asks the running router of that configuration; its answers are documented in docs/openapi.yaml. */
export function askFrom(program: Command, method: "GET" | "POST", path: string): Promise<unknown> {
  return askRouter(configOf(program), method, path);
}

/** Asks the running router. Throws ROUTER_NOT_RUNNING, or API_REFUSED with the router's own words. */
async function askRouter(config: Config, method: "GET" | "POST", path: string): Promise<unknown> {
  const socketPath = adminSocketOf(config);
  const client = new Client("http://localhost", { socketPath, headersTimeout: 30_000 });
  try {
    const answer = await client.request({ method, path });
    const body: unknown = await answer.body.json();
    if (answer.statusCode < 400) return body;
    throw new AppError("API_REFUSED", wordsOf(body) ?? `the router answered ${answer.statusCode}`, {});
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

function wordsOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  const { error } = body;
  if (typeof error === "string") return error;
  const isWorded = typeof error === "object" && error !== null && "message" in error;
  return isWorded && typeof error.message === "string" ? error.message : undefined;
}
