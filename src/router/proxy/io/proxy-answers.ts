import { STATUS_CODES, type ServerResponse } from "node:http";
import { renderAnswer, type ProxyAnswer } from "../decide/proxy-answer.ts";

export interface AnswerOptions {
  readonly isForPerson: boolean;
  /** The session's renewal. */
  readonly cookies: readonly string[];
}

/** Sends what the router says instead of a node; does nothing if the client has left. */
export function sendAnswer(response: ServerResponse, answer: ProxyAnswer, options: AnswerOptions): void {
  if (response.headersSent || response.destroyed) return;
  const { body, headers } = renderAnswer(answer, options.isForPerson);
  // A node's own reason may be set already, from headers that could not be sent.
  const reason = STATUS_CODES[answer.status] ?? "";
  response.writeHead(answer.status, reason, [...headers, ...cookieHeaders(options.cookies)]);
  response.end(body);
}

/** Sends a browser elsewhere; what it asked for is not repeated there. */
export function sendRedirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  if (response.headersSent || response.destroyed) return;
  const isRead = response.req.method === "GET" || response.req.method === "HEAD";
  const headers = ["Location", location, "Cache-Control", "no-store", "Content-Length", "0"];
  response.writeHead(isRead ? 302 : 303, [...headers, ...cookieHeaders(cookies)]);
  response.end();
}

function cookieHeaders(cookies: readonly string[]): string[] {
  return cookies.flatMap((cookie) => ["Set-Cookie", cookie]);
}
