import { Router, type Request, type RequestHandler, type Response } from "express";
import type { LoadHistory } from "../../../load-history.ts";
import { DEFAULT_SERVER, type UserName } from "../../../model.ts";
import type { Rebalancing } from "../../../plan.ts";
import type { Clock, ForeignJupyters, Locator, NodeOrders } from "../../../ports.ts";
import { parseUserName } from "../../../user-name.ts";
import { adminPage } from "../decide/admin-page.ts";
import { explainAnswer, nodesAnswer, type NodesAnswer } from "../decide/api-views.ts";
import type { ClusterSource } from "../decide/cluster-source.ts";
import type { HomesSource } from "../../servers/decide/home-trouble.ts";
import type { Occupants } from "../decide/occupants.ts";
import { isSameSecret } from "../../sign-in/decide/keys.ts";
import { serversAnswer } from "../decide/servers-answer.ts";
import type { SignOut } from "../../sign-in/decide/sign-in.ts";
import type { WayIn } from "../../way-in/decide/way-in.ts";
import { ADMIN_PATHS } from "./admin-site.ts";
import { sendJsonError, sendPage } from "../../web/io/answers.ts";
import { createHistoryView } from "./history-routes.ts";
import type { Metrics } from "./metrics.ts";
import { createNodeView, createOrderPages, createOrderRoute } from "./order-routes.ts";
import { createPlanPages, createPlanRoutes, createPlanViews } from "./plan-routes.ts";
import type { SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { whenGone, type FormTokenIssuer } from "../../sign-in/io/visitor.ts";

export interface ApiRoutesDeps {
  readonly cluster: ClusterSource;
  readonly history: LoadHistory;
  readonly locator: Pick<Locator, "locateAll">;
  readonly homes: HomesSource;
  readonly foreign: ForeignJupyters;
  readonly orders: NodeOrders;
  readonly rebalancing: Rebalancing;
  readonly occupants: Occupants;
  readonly formTokens: FormTokenIssuer;
  readonly clock: Pick<Clock, "now" | "timeZone">;
  readonly wayIn: Pick<WayIn, "recall" | "explain" | "lastPlacement">;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  readonly signOut: Pick<SignOut, "signOutUser">;
}

type WhereDeps = Pick<ApiRoutesDeps, "locator" | "homes" | "foreign" | "clock">;

/** Who may ask: anybody who reaches the app (the local admin socket), or admins by their session. */
export type ApiAccess =
  | { readonly trusted: true }
  | {
      readonly trusted: false;
      readonly doors: SessionMiddleware;
      /** Whoever shows it may read `/metrics`, and nothing else. */
      readonly metricsToken?: string | undefined;
    };

/**
 * `/api/v1`, `/metrics` and `/admin`. What changes anything is on the admin socket only, where no browser gets; but for
 * the forms of `/admin`, which carry a token.
 */
export function createApiRoutes(deps: ApiRoutesDeps, access: ApiAccess): Router {
  const { cluster, homes, metrics } = deps;
  const router = Router();
  function nodes(): NodesAnswer {
    return nodesAnswer(cluster, homes.counts());
  }
  async function sendMetrics(_request: Request, response: Response): Promise<void> {
    response.type(metrics.contentType).send(await metrics.text());
  }

  if (!access.trusted) {
    router.get("/metrics", onlyWithToken(access.metricsToken), sendMetrics);
    router.use(ADMIN_PATHS, access.doors.requireSession, access.doors.requireAdmin);
    router.use(createOrderPages({ ...deps, nodes }, access.doors));
    router.use(createPlanPages(deps, access.doors));
  }

  router.get("/api/v1/nodes", (_request, response) => {
    response.json(nodes());
  });
  router.use(createHistoryView(deps.history, nodes));
  router.use(createNodeView({ ...deps, nodes }), createPlanViews(deps.rebalancing));
  router.get(
    "/api/v1/users/:user/servers",
    forUser(async (user, response) => {
      response.json(await whereIs(user, response, deps));
    }),
  );
  router.get(
    "/api/v1/explain/:user",
    forUser(async (user, response) => {
      const key = { user, server: DEFAULT_SERVER };
      const where = await whereIs(user, response, deps);
      const last = await deps.wayIn.lastPlacement(key);
      const wish = await deps.wayIn.recall(key);
      response.json(explainAnswer(where, wish, deps.wayIn.explain(key, wish), last));
    }),
  );
  if (access.trusted) {
    router.use(createOrderRoute(deps), createPlanRoutes(deps.rebalancing));
    router.post(
      "/api/v1/users/:user/signout",
      forUser(async (user, response) => {
        const { ended, silent } = await deps.signOut.signOutUser(user);
        response.json({ user, ended, silent });
      }),
    );
  }
  router.get("/metrics", sendMetrics);
  router.get("/admin", (_request, response) => {
    const body = adminPage(nodes(), deps.history);
    sendPage(response, { status: 200, body });
  });
  router.use("/api", (_request, response) => {
    sendJsonError(response, 404, "NO_SUCH_ENDPOINT", "see docs/openapi.yaml for what there is");
  });
  return router;
}

/** As Prometheus sends it; without it the route is another one's. */
function onlyWithToken(token: string | undefined): RequestHandler {
  return (request, _response, next) => {
    const isGood = token !== undefined && isSameSecret(`Bearer ${token}`, request.get("authorization") ?? "");
    next(isGood ? undefined : "route");
  };
}

async function whereIs(user: UserName, response: Response, deps: WhereDeps) {
  const { locator, homes, foreign, clock } = deps;
  const signal = whenGone(response);
  const location = await locator.locateAll(user, signal);
  const home = { reading: homes.reading(user), foreign: await foreign.of(user, signal) };
  return serversAnswer(user, location, home, clock.now());
}

function forUser(answer: (user: UserName, response: Response) => Promise<void>): RequestHandler {
  return async (request: Request, response) => {
    const user = parseUserName(request.params["user"]);
    if (user !== undefined) await answer(user, response);
    else sendJsonError(response, 400, "BAD_NAME", "no user can have this name");
  };
}
