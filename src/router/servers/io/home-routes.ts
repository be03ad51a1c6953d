import { Router, type Request, type Response } from "express";
import { parseNodeId, type NodeId } from "../../../model.ts";
import type { Clock } from "../../../ports.ts";
import { homePage, type OwnServers } from "../decide/home-page.ts";
import { html } from "../../web/decide/html.ts";
import type { Moves } from "../decide/move.ts";
import { movePage } from "../decide/move-page.ts";
import { journeyUrl } from "../../way-in/decide/start-event.ts";
import { sendPage, sendWords } from "../../web/io/answers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { field, ownKey, whenGone, type FormTokenIssuer } from "../../sign-in/io/visitor.ts";

export interface HomeRoutesDeps {
  readonly ownServers: OwnServers;
  readonly moves: Moves;
  readonly doors: SessionMiddleware;
  readonly formTokens: FormTokenIssuer;
  readonly adminUrl: string;
  readonly clock: Pick<Clock, "now" | "timeZone">;
}

/** `/home`: the visitor's servers, and stopping, keeping and moving one. */
export function createHomeRoutes(deps: HomeRoutesDeps): Router {
  const { ownServers, moves, doors, formTokens, clock } = deps;
  const router = Router();

  router.get("/home", doors.requireSession, async (_request, response) => {
    const session = sessionOf(response);
    const adminUrl = session.isAdmin ? deps.adminUrl : undefined;
    const view = await ownServers.list(session.user, whenGone(response));
    const time = { nowMs: clock.now(), timeZone: clock.timeZone };
    const body = homePage({ ...view, adminUrl }, formTokens.issue(session), time);
    sendPage(response, { status: 200, body });
  });

  router.post("/home/stop", doors.requireSession, ...doors.requireForm, async (request, response) => {
    const key = ownKey(field(request.body, "server"), response, sessionOf(response));
    if (key === undefined) return;
    const node = nodeNamed(request, response);
    if (node === undefined) return;
    await ownServers.stop(key, node, new AbortController().signal);
    response.redirect(303, "/home");
  });

  router.post("/home/keep", doors.requireSession, ...doors.requireForm, async (request, response) => {
    const key = ownKey(field(request.body, "server"), response, sessionOf(response));
    if (key === undefined) return;
    await ownServers.keep(key);
    response.redirect(303, "/home");
  });

  router.get("/home/move", doors.requireSession, async (request, response) => {
    const session = sessionOf(response);
    const key = ownKey(field(request.query, "server"), response, session);
    if (key === undefined) return;
    const outlook = await moves.consider(key, whenGone(response));
    sendPage(response, { status: 200, body: movePage(outlook, { key, token: formTokens.issue(session) }) });
  });

  router.post("/home/move", doors.requireSession, ...doors.requireForm, async (request, response) => {
    const session = sessionOf(response);
    const key = ownKey(field(request.body, "server"), response, session);
    if (key === undefined) return;
    const node = nodeNamed(request, response);
    if (node === undefined) return;
    const refused = await moves.move(session, key, node);
    if (refused === undefined) response.redirect(303, journeyUrl("/", key, undefined));
    else
      sendPage(response, { status: 409, body: movePage(refused, { key, token: formTokens.issue(session) }) });
  });

  return router;
}

/** The node in the query; answers 400 by itself if there is none. */
function nodeNamed(request: Request, response: Response): NodeId | undefined {
  const node = parseNodeId(field(request.query, "node") ?? "");
  if (node === undefined)
    sendWords(response, 400, "There can be no such node", html`<p>Please check the address.</p>`);
  return node;
}
