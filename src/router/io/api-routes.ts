import { Router, type Request, type RequestHandler, type Response } from "express";
import { DEFAULT_SERVER, type UserName } from "../../model.ts";
import type { Locator } from "../../ports.ts";
import { parseUserName } from "../../user-name.ts";
import { adminPage } from "../decide/admin-page.ts";
import { explainAnswer, nodesAnswer, serversAnswer } from "../decide/api-views.ts";
import type { ClusterSource } from "../decide/cluster-source.ts";
import type { SignOut } from "../decide/sign-in.ts";
import type { WayIn } from "../decide/way-in.ts";
import { sendJsonError, sendPage } from "./answers.ts";
import type { Metrics } from "./metrics.ts";
import type { SessionMiddleware } from "./session-middleware.ts";
import { whenGone } from "./visitor.ts";

export interface ApiRoutesDeps {
  readonly cluster: ClusterSource;
  readonly locator: Pick<Locator, "locateAll">;
  readonly wayIn: Pick<WayIn, "explain" | "lastPlacement">;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  readonly signOut: Pick<SignOut, "signOutUser">;
}

/** Who may ask: anybody who reaches the app (the local admin socket), or admins by their session. */
export type ApiAccess =
  { readonly trusted: true } | { readonly trusted: false; readonly doors: SessionMiddleware };

/** `/api/v1`, `/metrics` and `/admin`. What changes anything is on the admin socket only: no browser gets there. */
export function createApiRoutes(deps: ApiRoutesDeps, access: ApiAccess): Router {
  const { cluster, metrics } = deps;
  const router = Router();
  if (!access.trusted) {
    router.use(["/api", "/metrics", "/admin"], access.doors.requireSession, access.doors.requireAdmin);
  }

  router.get("/api/v1/nodes", (_request, response) => {
    response.json(nodesAnswer(cluster.snapshot(), cluster.problems()));
  });
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
      response.json(explainAnswer(where, deps.wayIn.explain(key), last));
    }),
  );
  if (access.trusted) {
    router.post(
      "/api/v1/users/:user/signout",
      forUser(async (user, response) => {
        const { ended, silent } = await deps.signOut.signOutUser(user);
        response.json({ user, ended, silent });
      }),
    );
  }
  router.get("/metrics", async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
  router.get("/admin", (_request, response) => {
    const body = adminPage(nodesAnswer(cluster.snapshot(), cluster.problems()));
    sendPage(response, { status: 200, body });
  });
  router.use("/api", (_request, response) => {
    sendJsonError(response, 404, "NO_SUCH_ENDPOINT", "see docs/openapi.yaml for what there is");
  });
  return router;
}

async function whereIs(user: UserName, response: Response, { locator }: Pick<ApiRoutesDeps, "locator">) {
  return serversAnswer(user, await locator.locateAll(user, whenGone(response)));
}

function forUser(answer: (user: UserName, response: Response) => Promise<void>): RequestHandler {
  return async (request: Request, response) => {
    const user = parseUserName(request.params["user"]);
    if (user !== undefined) await answer(user, response);
    else sendJsonError(response, 400, "BAD_NAME", "no user can have this name");
  };
}
