import type { ServerKey } from "../../../model.ts";
import { html, type Html } from "./html.ts";

/** What a form of ours carries: whose server it is about, where to go on, and the proof that it is ours. */
export interface FormContext {
  readonly key: ServerKey;
  /** The session's form token: see `form-token.ts`. */
  readonly token: string;
  readonly next?: string | undefined;
}

/** A button that changes something: always a POST with the session's token. */
export function postButton(
  action: string,
  label: string,
  { key, token, next }: FormContext,
  look: "plain" | "quiet" = "plain",
): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="form_token" value="${token}" />
    <input type="hidden" name="server" value="${key.server}" />
    <input type="hidden" name="next" value="${next ?? ""}" />
    <button class="${look}">${label}</button>
  </form>`;
}
