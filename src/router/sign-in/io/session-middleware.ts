import express, { type Request, type RequestHandler, type Response } from "express";
import type { FormTokens } from "../decide/form-token.ts";
import { fetchKind } from "../../web/decide/fetch-kind.ts";
import type { StatusPage } from "../../web/decide/html.ts";
import { isOwnPost } from "../../web/decide/request-origin.ts";
import type { Credentials, Session, SessionLookup, SessionReader } from "../decide/session.ts";
import { loginPath, type SignInTrouble } from "../decide/sign-in.ts";
import { foreignFormPage, messagePage, troublePage } from "../decide/sign-in-pages.ts";
import { sendJsonError, sendPage } from "../../web/io/answers.ts";

/** What sign-in needs of a request. */
export function credentialsOf(request: Request): Credentials {
  const { headers, rawHeaders, socket } = request;
  return { headers, rawHeaders, remoteAddress: socket.remoteAddress ?? "" };
}

interface Gate {
  readonly sessions: SessionReader & { expireCookies(): readonly string[] };
  readonly formTokens: FormTokens;
}

/** Middleware for routes of ours, in the order they are used. */
export interface SessionMiddleware {
  /** Only for who is signed in: navigations go to sign-in and come back, anything else gets 401 as JSON. */
  readonly requireSession: RequestHandler;
  /** After `requireSession`: only admins, by the configuration. */
  readonly requireAdmin: RequestHandler;
  /** After `requireSession`: only POSTs of our own pages, with the session's form token in `form_token`. */
  readonly requireForm: readonly RequestHandler[];
}

const LOCAL = "session";

/** The session of a request that passed `requireSession`. */
export function sessionOf(response: Response): Session {
  const session = response.locals[LOCAL] as Session | undefined;
  if (session === undefined) throw new TypeError("this route lacks requireSession");
  return session;
}

/** Reads the session once a request and renews it on the answer. */
export function createSessionMiddleware({ sessions, formTokens }: Gate): SessionMiddleware {
  return {
    async requireSession(request, response, next) {
      const lookup = await sessions.read(credentialsOf(request));
      if (lookup.kind !== "session") {
        if (lookup.kind === "refused") addCookies(response, sessions.expireCookies());
        turnAway(request, response, lookup);
        return;
      }
      response.locals[LOCAL] = lookup.session;
      addCookies(response, lookup.renewal);
      next();
    },
    requireAdmin(request, response, next) {
      if (sessionOf(response).isAdmin) {
        next();
        return;
      }
      const text = "This page is for admins. The router's configuration says who they are.";
      refuse(request, response, "NOT_ADMIN", messagePage(403, "Not for you", text));
    },
    requireForm: [
      ...readForm(),
      (request, response, next) => {
        if (isOwnForm(request, formTokens, sessionOf(response))) next();
        else refuse(request, response, "FOREIGN_FORM", foreignFormPage());
      },
    ],
  };
}

/** Parses a form's body. */
export function readForm(): readonly RequestHandler[] {
  return [express.urlencoded({ extended: false, limit: "16kb" })];
}

/** Whether a POST comes from a page of ours that was made for this session; `readForm` has run. */
export function isOwnForm(
  request: Request,
  formTokens: FormTokens,
  session: { readonly id: string },
): boolean {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const token = body["form_token"] ?? request.headers["x-multijhub-form"];
  return isOwnPost(request.headers) && formTokens.isGood(session, token);
}

/** Adds Set-Cookie values to those the answer has. */
export function addCookies(response: Response, cookies: readonly string[]): void {
  if (cookies.length > 0) response.append("Set-Cookie", [...cookies]);
}

function turnAway(
  request: Request,
  response: Response,
  lookup: Exclude<SessionLookup, { readonly kind: "session" }>,
): void {
  if (lookup.kind === "refused") {
    const trouble: SignInTrouble = { reason: "cookie-twice" };
    refuse(request, response, "COOKIE_TWICE", troublePage(trouble));
    return;
  }
  if (isPageView(request)) {
    response.redirect(302, loginPath({ next: request.originalUrl }));
    return;
  }
  refuse(request, response, "SIGNED_OUT", messagePage(401, "Signed out", "Sign in first."));
}

/** A person opens a page, and can come back to it after signing in. */
function isPageView({ method, headers }: Request): boolean {
  return (method === "GET" || method === "HEAD") && fetchKind(method, headers) === "navigation";
}

/** The page for a person, its gist as JSON for a program. */
function refuse(request: Request, response: Response, code: string, page: StatusPage): void {
  if (request.accepts(["json", "html"]) === "html") {
    sendPage(response, page);
    return;
  }
  sendJsonError(response, page.status, code, MESSAGES[code] ?? "refused");
}

const MESSAGES: Readonly<Record<string, string>> = {
  SIGNED_OUT: "sign in first",
  NOT_ADMIN: "only for admins",
  FOREIGN_FORM: "not from a page of this site, or from an old one",
  COOKIE_TWICE: "the session cookie came twice",
};
