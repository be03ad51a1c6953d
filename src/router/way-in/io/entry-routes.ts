import { Router, type NextFunction, type Request, type Response } from "express";
import type { ServerKey } from "../../../model.ts";
import type { Clock } from "../../../ports.ts";
import { parseAddress, type Address } from "../../web/decide/canonical.ts";
import { choicePage } from "../decide/choice-page.ts";
import { closingPage, type ArrivalNews } from "../decide/closing-page.ts";
import { journeyStatus } from "../decide/failure-page.ts";
import { fetchKind } from "../../web/decide/fetch-kind.ts";
import { html } from "../../web/decide/html.ts";
import type { Journey } from "../decide/journey.ts";
import { isOwnNavigation } from "../../web/decide/request-origin.ts";
import type { Session } from "../../sign-in/decide/session.ts";
import { journeyUrl, targetOf } from "../decide/start-event.ts";
import { safeNext, type Urls } from "../../web/decide/urls.ts";
import { waitingPage } from "../decide/waiting-page.ts";
import type { WayIn } from "../decide/way-in.ts";
import { sendPage, sendWords } from "../../web/io/answers.ts";
import { scriptNonce } from "../../web/io/security-headers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { field, ownKey, whenGone, type FormTokenIssuer } from "../../sign-in/io/visitor.ts";

export interface EntryRoutesDeps {
  readonly wayIn: WayIn;
  readonly news: ArrivalNews;
  readonly doors: SessionMiddleware;
  readonly formTokens: FormTokenIssuer;
  readonly urls: Urls;
  readonly clock: Pick<Clock, "now">;
}

/** How long `/` waits for a journey that may be over at once, before it shows the waiting page. */
export interface EntryRoutesOptions {
  readonly quickMs: number;
}

/** The way in: `/`, trying again, and the links that live for ever. */
export function createEntryRoutes(deps: EntryRoutesDeps, options: EntryRoutesOptions): Router {
  const { wayIn, doors, urls, formTokens } = deps;
  const router = Router();

  router.get("/", askAboutForeignChoice, doors.requireSession, async (request, response) => {
    const session = sessionOf(response);
    const key = ownKey(field(request.query, "server"), response, session);
    if (key === undefined) return;
    const next = safeNext(field(request.query, "next"));
    const choice = field(request.query, "choice");
    if (choice !== undefined && !(await wayIn.prefer(key, choice))) {
      sendWords(response, 404, "There is no such choice", html`<p>Please check the address.</p>`);
      return;
    }
    const asked = wayIn.choices.find(({ name }) => name === field(request.query, "asked"));
    if (asked !== undefined && (await wayIn.recall(key)).choice !== asked.name) {
      const context = { key, next, token: formTokens.issue(session) };
      sendPage(response, { status: 409, body: choicePage(asked, context) });
      return;
    }
    const journey = await travel(response, session, key);
    const target = targetOf(journey, urls, next);
    if (target !== undefined) goOn(request, response, journey, target);
    else showJourney(response, journey, { next, ...deps });
  });

  router.get(/^\/(?:user|hub)(?:\/|$)/, doors.requireSession, async (request, response) => {
    const session = sessionOf(response);
    const next = request.originalUrl;
    if (!leadsToOwn(parseAddress(next), session, response)) return;
    const key = ownKey("", response, session);
    if (key === undefined) return;
    const journey = await travel(response, session, key);
    const target = targetOf(journey, urls, next);
    if (target === undefined) response.redirect(302, journeyUrl("/", key, next));
    else goOn(request, response, journey, target);
  });

  router.post("/retry", doors.requireSession, ...doors.requireForm, (request, response) => {
    const session = sessionOf(response);
    const key = ownKey(field(request.body, "server"), response, session);
    if (key === undefined) return;
    wayIn.retry(session, key);
    response.redirect(303, journeyUrl("/", key, safeNext(field(request.body, "next"))));
  });

  /** Joins the journey, and gives it a moment to be over or to have something to show. */
  async function travel(response: Response, session: Session, key: ServerKey): Promise<Journey> {
    const journey = wayIn.open(session, key);
    const signal = AbortSignal.any([whenGone(response), AbortSignal.timeout(options.quickMs)]);
    const settled = await wayIn.next(key, isWorthShowing, signal).catch(() => undefined);
    return settled ?? wayIn.find(key) ?? journey;
  }

  /** Straight to the server; once a session by way of what is to be known of its node. */
  function goOn(request: Request, response: Response, { outcome, key }: Journey, target: string): void {
    const isPerson = fetchKind(request.method, request.headers) === "navigation";
    const words =
      isPerson && outcome?.kind === "arrived"
        ? deps.news.tellOnce(sessionOf(response), outcome.node)
        : undefined;
    if (words === undefined) response.redirect(302, target);
    else sendPage(response, { status: 200, body: closingPage(words, key, target) });
  }

  return router;
}

/** What is remembered of a user only they change: a link on another's page asks, also on the far side of the sign-in. */
function askAboutForeignChoice(request: Request, response: Response, next: NextFunction): void {
  const choice = field(request.query, "choice");
  if (choice === undefined || isOwnNavigation(request.headers)) {
    next();
    return;
  }
  const query = new URLSearchParams({ asked: choice });
  for (const name of ["server", "next"]) {
    const value = field(request.query, name);
    if (value !== undefined) query.set(name, value);
  }
  response.redirect(302, `/?${query.toString()}`);
}

function showJourney(
  response: Response,
  journey: Journey,
  { next, clock, formTokens }: Pick<EntryRoutesDeps, "clock" | "formTokens"> & { next: string | undefined },
): void {
  const { key } = journey;
  const context = {
    key,
    next,
    nonce: scriptNonce(response),
    token: formTokens.issue(sessionOf(response)),
    eventsUrl: journeyUrl("/events/start", key, next),
    nowMs: clock.now(),
  };
  sendPage(response, { status: journeyStatus(journey), body: waitingPage(journey, context) });
}

/** Whether a canonical address is the visitor's to open; answers by itself when it is not. */
function leadsToOwn(address: Address, session: Session, response: Response): boolean {
  if (address.kind === "own-server") return true;
  if (address.kind === "server") {
    if (address.user === session.user) return true;
    const text = html`<p>
      This link leads into the server of <strong>${address.user}</strong>. You are signed in as
      <strong>${session.user}</strong>, and only its owner may open it.
    </p>`;
    sendWords(response, 403, "Not your server", text);
  } else if (address.kind === "page") {
    response.redirect(302, address.to);
  } else {
    const status = address.kind === "malformed" ? 400 : 404;
    sendWords(response, status, "There is no such page", html`<p>Please check the address.</p>`);
  }
  return false;
}

function isWorthShowing({ outcome, obstacle, steps }: Journey): boolean {
  const isStarting = steps.some(({ id, state }) => state === "active" && (id === "hub" || id === "server"));
  return outcome !== undefined || obstacle !== undefined || isStarting;
}
