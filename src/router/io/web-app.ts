import express, { type Express } from "express";
import type { Clock, Locator, Log, Placer, Random } from "../../ports.ts";
import type { ClusterSource, Readiness } from "../decide/cluster-source.ts";
import type { OwnServers } from "../decide/home-page.ts";
import type { Urls } from "../decide/urls.ts";
import type { WayIn } from "../decide/way-in.ts";
import type { SignInServices } from "../decide/sign-in.ts";
import { createApiRoutes } from "./api-routes.ts";
import { createEntryRoutes } from "./entry-routes.ts";
import { answerErrors, answerNotFound } from "./error-answer.ts";
import { createEventRoutes } from "./event-routes.ts";
import { createHealthRoutes } from "./health-routes.ts";
import { createHomeRoutes } from "./home-routes.ts";
import type { Metrics } from "./metrics.ts";
import { createSecurityHeaders } from "./security-headers.ts";
import { createSessionMiddleware } from "./session-middleware.ts";
import { createSignInRoutes } from "./sign-in-routes.ts";

export interface WebAppDeps extends SignInServices {
  readonly wayIn: WayIn;
  readonly ownServers: OwnServers;
  readonly cluster: ClusterSource;
  readonly locator: Locator;
  readonly placer: Placer;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly urls: Urls;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Long enough for a server that runs to be found, short enough not to be felt before the waiting page. */
const QUICK_MS = 700;

/** Everything the router serves outside `/n/`. */
export function createWebApp(deps: WebAppDeps): Express {
  const doors = createSessionMiddleware(deps);
  const withDoors = { ...deps, doors };
  return withErrors(deps, [
    createHealthRoutes(deps.readiness, { trusted: false }),
    createSecurityHeaders(deps.random),
    createSignInRoutes(deps),
    createEntryRoutes(withDoors, { quickMs: QUICK_MS }),
    createEventRoutes(withDoors),
    createHomeRoutes(withDoors),
    createApiRoutes(deps, { trusted: false, doors }),
  ]);
}

/** The API for whoever may open the admin socket. */
export function createAdminApp(deps: WebAppDeps): Express {
  return withErrors(deps, [
    createHealthRoutes(deps.readiness, { trusted: true }),
    createApiRoutes(deps, { trusted: true }),
  ]);
}

function withErrors({ log }: WebAppDeps, handlers: readonly express.RequestHandler[]): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(...handlers, answerNotFound());
  app.use(answerErrors(log));
  return app;
}
