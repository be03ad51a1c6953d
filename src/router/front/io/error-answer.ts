import type { ErrorRequestHandler, RequestHandler } from "express";
import { AppError, toHttpStatus } from "../../../errors.ts";
import type { Log } from "../../../ports.ts";
import { failureText, wordsFor } from "../../way-in/decide/failure-page.ts";
import { html } from "../../web/decide/html.ts";
import type { Failure } from "../../way-in/decide/journey.ts";
import { sendJsonError, sendWords } from "../../web/io/answers.ts";

/** Last of all routes: a page, or JSON for programs. */
export function answerNotFound(): RequestHandler {
  return (request, response) => {
    if (!wantsPage(request.path, request.accepts(["json", "html"]))) {
      sendJsonError(response, 404, "NOT_FOUND", "there is nothing here");
      return;
    }
    sendWords(response, 404, "There is no such page", html`<p>Please check the address.</p>`);
  };
}

/** Answers what a route threw: an AppError with its words and remedy, anything else with none of its own. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (err: unknown, request, response, next) => {
    const status = statusOf(err);
    const path = request.path;
    if (status >= 500) log.error({ err, path }, "request failed");
    if (response.headersSent) {
      next(err);
      return;
    }
    const failure = describe(err, status);
    if (wantsPage(path, request.accepts(["json", "html"]))) {
      sendWords(response, status, wordsFor(failure.code).title, failureText(failure));
    } else {
      response.status(status).json({ error: failure });
    }
  };
}

function wantsPage(path: string, accepted: string | false): boolean {
  return accepted === "html" && !path.startsWith("/api/");
}

/** Express's own errors (a malformed path, a body too large) carry a status below 500. */
function statusOf(err: unknown): number {
  if (err instanceof AppError) return toHttpStatus(err);
  const { status } = (err ?? {}) as { readonly status?: unknown };
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function describe(err: unknown, status: number): Failure {
  if (err instanceof AppError) return { code: err.code, message: err.message, remedy: err.remedy };
  const message =
    status < 500 ? "the request is malformed" : "an unexpected error, which is in the router's log";
  return { code: "UNEXPECTED", message, remedy: "" };
}
