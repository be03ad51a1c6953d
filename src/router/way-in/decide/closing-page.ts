import type { NodeId, ServerKey } from "../../../model.ts";
import { html, page } from "../../web/decide/html.ts";
import { movePath } from "./start-event.ts";

/** The service that knows what to tell those who come in: `server-news.ts`. */
export interface ArrivalNews {
  /** By when the node of their server closes, in words; once a session. */
  tellOnce(session: { readonly id: string }, node: NodeId): string | undefined;
}

/** What is shown once, between the way in and a server on a node that closes; it goes on by itself. */
export function closingPage(words: string, key: ServerKey, target: string): string {
  const body = html`<h1>${words}</h1>
    <p>
      Your server goes on, and is not stopped while you use it. Your files stay wherever it runs next; kernels
      and terminals do not move. You can move it at a moment of your own: now, or later on
      <a href="/home">My servers</a>.
    </p>
    <p>
      <a class="button" href="${target}">Go on to my server</a>
      <a class="button quiet" href="${movePath(key)}">Move it now…</a>
    </p>`;
  const head = html`<meta http-equiv="refresh" content="${READ_S};url=${target}" />`;
  return page({ title: words, body, head });
}

/** Long enough to read it. */
const READ_S = 15;
