import { Router } from "express";
import type { Readiness } from "../decide/cluster-source.ts";
import { readinessStatus } from "../decide/readiness.ts";

/**
 * `/healthz`: the process answers. `/readyz`: 200, also when only degraded, or 503; and which part is not ready. Open to
 * everybody, so the parts are named, and why one is not ready is told only where `trusted`.
 */
export function createHealthRoutes(readiness: Readiness, { trusted }: { readonly trusted: boolean }): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", (_request, response) => {
    const parts = readiness.parts();
    const status = readinessStatus(parts);
    response.status(status === "not ready" ? 503 : 200).json({
      status,
      parts: parts.map(({ name, isReady, detail }) => ({ name, ready: isReady, ...(trusted && { detail }) })),
    });
  });
  return router;
}
