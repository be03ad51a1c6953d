import type { Response } from "express";
import { html, page, type Html, type StatusPage } from "../decide/html.ts";

/** A page that only says something. */
export function sendWords(response: Response, status: number, title: string, text: Html): void {
  const body = html`<h1>${title}</h1>
    ${text}
    <p>
      <a class="button" href="/">Go to my server</a> <a class="button quiet" href="/home">My servers</a>
    </p>`;
  sendPage(response, { status, body: page({ title, body }) });
}

/** A whole page; its security headers are on the answer already. */
export function sendPage(response: Response, { status, body }: StatusPage): void {
  response.status(status).type("html").send(body);
}

/** An error of the API. */
export function sendJsonError(response: Response, status: number, code: string, message: string): void {
  response.status(status).json({ error: { code, message } });
}
