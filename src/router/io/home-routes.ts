import { Router } from "express";
import { parseNodeId } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import { homePage, type OwnServers } from "../decide/home-page.ts";
import { html } from "../decide/html.ts";
import { sendPage, sendWords } from "./answers.ts";
import { sessionOf, type SessionMiddleware } from "./session-middleware.ts";
import { field, ownKey, whenGone, type FormTokenIssuer } from "./visitor.ts";

export interface HomeRoutesDeps {
  readonly ownServers: OwnServers;
  readonly doors: SessionMiddleware;
  readonly formTokens: FormTokenIssuer;
  readonly clock: Pick<Clock, "now">;
}

/** `/home`: the visitor's servers, and stopping one. */
export function createHomeRoutes({ ownServers, doors, formTokens, clock }: HomeRoutesDeps): Router {
  const router = Router();

  router.get("/home", doors.requireSession, async (_request, response) => {
    const session = sessionOf(response);
    const { isAdmin } = session;
    const view = await ownServers.list(session.user, whenGone(response));
    const body = homePage({ ...view, isAdmin }, formTokens.issue(session), clock.now());
    sendPage(response, { status: 200, body });
  });

  router.post("/home/stop", doors.requireSession, ...doors.requireForm, async (request, response) => {
    const key = ownKey(field(request.body, "server"), response, sessionOf(response));
    if (key === undefined) return;
    const node = parseNodeId(field(request.query, "node") ?? "");
    if (node === undefined) {
      sendWords(response, 400, "There can be no such node", html`<p>Please check the address.</p>`);
      return;
    }
    await ownServers.stop(key, node, new AbortController().signal);
    response.redirect(303, "/home");
  });

  return router;
}
