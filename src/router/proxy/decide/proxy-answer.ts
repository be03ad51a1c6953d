import { html, page } from "../../web/decide/html.ts";

/** What the router says instead of a node. */
export interface ProxyAnswer {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly text: string;
  /** Where a person can go from here, besides the start page. */
  readonly retry?: { readonly href: string; readonly label: string; readonly afterSeconds?: number };
}

export interface RenderedAnswer {
  readonly body: string;
  readonly headers: readonly string[];
}

/** A page for a person, JSON (with Jupyter's `message`) for a program. */
export function renderAnswer(answer: ProxyAnswer, isForPerson: boolean): RenderedAnswer {
  const body = isForPerson ? renderPage(answer) : renderJson(answer);
  const type = isForPerson ? "text/html; charset=utf-8" : "application/json";
  const headers = ["Content-Type", type, "Content-Length", String(Buffer.byteLength(body)), ...OWN_HEADERS];
  const seconds = answer.retry?.afterSeconds;
  return { body, headers: seconds === undefined ? headers : [...headers, "Retry-After", String(seconds)] };
}

/** The page has no script: it tries again by refresh. */
const OWN_HEADERS = [
  "Cache-Control",
  "no-store",
  "X-Content-Type-Options",
  "nosniff",
  "Referrer-Policy",
  "no-referrer",
  "Content-Security-Policy",
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
];

function renderPage({ status, title, text, retry, code }: ProxyAnswer): string {
  const seconds = retry?.afterSeconds;
  const body = html`
    <h1>${title}</h1>
    <p>${text}</p>
    <p>
      ${retry && html`<a class="button" href="${retry.href}">${retry.label}</a>`}
      <a class="button quiet" href="/home">My servers</a>
    </p>
    ${
      seconds !== undefined && retry
        ? html`<p class="muted">This page tries again every ${seconds} seconds.</p>`
        : undefined
    }
    <p class="muted">${status} ${code}</p>
  `;
  const head = seconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${seconds}" />`;
  return page({ title, body, ...(head && { head }) });
}

function renderJson({ status, code, title, text }: ProxyAnswer): string {
  return JSON.stringify({ status, code, message: `${title}. ${text}` });
}
