import { z } from "zod";
import type { HubEvent } from "../../cluster/decide/hub-state.ts";

const Facts = z.object({
  jupyterhub: z.object({ version: z.string().max(100) }).nullable(),
  proxy: z.object({}).nullable(),
});

const OLDEST_MAJOR = 5;

/** Whether the node that told these facts can run a hub at all; undefined if they cannot be read. */
export function fitnessOf(facts: unknown): HubEvent | undefined {
  const parsed = Facts.safeParse(facts);
  if (!parsed.success) return undefined;
  const { jupyterhub, proxy } = parsed.data;
  if (jupyterhub === null) {
    return { kind: "failed", code: "JUPYTERHUB_MISSING", detail: "no working JupyterHub was found" };
  }
  if (Number.parseInt(jupyterhub.version, 10) < OLDEST_MAJOR) {
    const version = jupyterhub.version.replace(/[^\w.+-]+/gu, "");
    const detail = `JupyterHub ${version} is too old; ${OLDEST_MAJOR}.0 is the oldest that works`;
    return { kind: "failed", code: "JUPYTERHUB_TOO_OLD", detail };
  }
  if (proxy !== null) return { kind: "fit" };
  return { kind: "failed", code: "PROXY_MISSING", detail: "no configurable-http-proxy was found" };
}
