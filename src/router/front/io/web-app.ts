import express, { type Express } from "express";
import type { LoadHistory } from "../../../load-history.ts";
import type { Rebalancing } from "../../../plan.ts";
import type { Clock, Locator, Log, NodeOrders, Placer, Random, ForeignJupyters } from "../../../ports.ts";
import type { ClusterSource, Readiness } from "../../admin/decide/cluster-source.ts";
import type { OwnServers } from "../../servers/decide/home-page.ts";
import type { ArrivalNews } from "../../way-in/decide/closing-page.ts";
import type { Moves } from "../../servers/decide/move.ts";
import type { Occupants } from "../../admin/decide/occupants.ts";
import type { Urls } from "../../web/decide/urls.ts";
import type { WayIn } from "../../way-in/decide/way-in.ts";
import type { HomesSource } from "../../servers/decide/home-trouble.ts";
import type { SignInServices } from "../../sign-in/decide/sign-in.ts";
import { createAdminPointer, createAdminStart, refuseForeign } from "../../admin/io/admin-site.ts";
import { createApiRoutes } from "../../admin/io/api-routes.ts";
import { createDecisionRoutes } from "../../way-in/io/decision-routes.ts";
import { createEntryRoutes } from "../../way-in/io/entry-routes.ts";
import { answerErrors, answerNotFound } from "./error-answer.ts";
import { createEventRoutes } from "../../way-in/io/event-routes.ts";
import { createHealthRoutes } from "../../admin/io/health-routes.ts";
import { createHomeRoutes } from "../../servers/io/home-routes.ts";
import type { Metrics } from "../../admin/io/metrics.ts";
import { createSecurityHeaders } from "../../web/io/security-headers.ts";
import { createSessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { createSignInRoutes } from "../../sign-in/io/sign-in-routes.ts";

export interface WebAppDeps extends SignInServices {
  readonly wayIn: WayIn;
  readonly ownServers: OwnServers;
  readonly moves: Moves;
  readonly news: ArrivalNews;
  readonly cluster: ClusterSource;
  readonly history: LoadHistory;
  readonly locator: Locator;
  readonly homes: HomesSource;
  readonly foreign: ForeignJupyters;
  readonly placer: Placer;
  readonly orders: NodeOrders;
  readonly rebalancing: Rebalancing;
  readonly occupants: Occupants;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly urls: Urls;
  /** Where `/admin` and the API are, when not on the entrance. */
  readonly adminOrigin?: string | undefined;
  /** What a scraper of `/metrics` shows. */
  readonly metricsToken?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Long enough for a server that runs to be found, short enough not to be felt before the waiting page. */
const QUICK_MS = 700;

/** Everything the entrance serves outside `/n/`. */
export function createWebApp(deps: WebAppDeps): Express {
  const doors = createSessionMiddleware(deps);
  const { adminOrigin } = deps;
  const withDoors = { ...deps, doors, adminUrl: `${adminOrigin ?? ""}/admin` };
  return withErrors(deps, [
    createHealthRoutes(deps.readiness, { trusted: false }),
    createSecurityHeaders(deps.random),
    createSignInRoutes(deps),
    createEntryRoutes(withDoors, { quickMs: QUICK_MS }),
    createDecisionRoutes(withDoors),
    createEventRoutes(withDoors),
    createHomeRoutes(withDoors),
    adminOrigin === undefined
      ? createApiRoutes(deps, { trusted: false, doors, metricsToken: deps.metricsToken })
      : createAdminPointer(adminOrigin),
  ]);
}

/** Everything the host of `admin.origin` serves outside `/n/`; `deps` hold a sign-in of its own. */
export function createAdminSite(deps: WebAppDeps): Express {
  const doors = createSessionMiddleware(deps);
  return withErrors(deps, [
    createHealthRoutes(deps.readiness, { trusted: false }),
    createSecurityHeaders(deps.random),
    refuseForeign(),
    createSignInRoutes(deps),
    createAdminStart(),
    createApiRoutes(deps, { trusted: false, doors, metricsToken: deps.metricsToken }),
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
