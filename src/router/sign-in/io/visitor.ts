import type { Response } from "express";
import type { ServerKey } from "../../../model.ts";
import { parseServerName } from "../../../user-name.ts";
import { html } from "../../web/decide/html.ts";
import type { Session } from "../decide/session.ts";
import { sendWords } from "../../web/io/answers.ts";

/** Makes the token that `requireForm` asks for. */
export interface FormTokenIssuer {
  issue(session: { readonly id: string }): string;
}

/** The visitor's server a request is about; answers 400 and returns undefined for an impossible name. */
export function ownKey(
  text: string | undefined,
  response: Response,
  { user }: Session,
): ServerKey | undefined {
  const server = parseServerName(text ?? "");
  if (server !== undefined) return { user, server };
  sendWords(response, 400, "There can be no such server", html`<p>Please check the address.</p>`);
  return undefined;
}

/** One field of a form or a query; undefined unless it is there once. */
export function field(source: unknown, name: string): string | undefined {
  const value: unknown = (source as Record<string, unknown> | undefined)?.[name];
  return typeof value === "string" ? value : undefined;
}

/** Aborts when the connection of this answer is gone. */
export function whenGone(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort(new Error("the visitor left"));
  });
  return gone.signal;
}
