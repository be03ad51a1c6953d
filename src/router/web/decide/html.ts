/** Text that may stand in a page as it is. Only `html` and `raw` make it. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[] | undefined;

/** A template whose parts are escaped unless they are `Html` themselves; `undefined` is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.map((string, i) => (i === 0 ? string : render(parts[i - 1]) + string)).join("");
  return { html: text };
}

/** Trusted markup of our own: style sheets, scripts, icons. Never anything from outside. */
export function raw(markup: string): Html {
  return { html: markup };
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escape(part);
  if (typeof part === "number") return String(part);
  return "html" in part ? part.html : part.map((item) => item.html).join("");
}

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  /** Extra elements of the head, such as a refresh. */
  readonly head?: Html;
}

/** A page and the status it comes with. */
export interface StatusPage {
  readonly status: number;
  readonly body: string;
}

/** A whole page in the project's look. No script unless `body` brings one; no outside resource. */
export function page({ title, body, head }: PageOptions): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${raw(STYLE)}
        </style>
        ${head}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  return document.html;
}

const STYLE = `
:root { color-scheme: light dark; --accent: #e46e2e; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 42rem; margin: 8vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; font-weight: 600; }
a, button { color: inherit; }
.button, button { display: inline-block; font: inherit; padding: .5rem 1rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--accent); color: #fff; text-decoration: none; }
.button.quiet, button.quiet { background: none; color: inherit; border-color: currentColor; opacity: .8; }
.reasons, .muted { opacity: .75; font-size: .9rem; }
ol.steps { list-style: none; padding: 0; }
ol.steps li { padding: .35rem 0 .35rem 1.8rem; position: relative; }
ol.steps li::before { content: "\\25cb"; position: absolute; left: .2rem; }
ol.steps li.waiting { opacity: .55; }
ol.steps li.active::before { content: "\\25cf"; color: var(--accent); animation: pulse 1.2s ease-in-out infinite; }
@keyframes pulse { 50% { opacity: .25; } }
@media (prefers-reduced-motion: reduce) { ol.steps li.active::before { animation: none; } }
ol.steps li.done::before { content: "\\2713"; color: #2a8a3e; }
ol.steps li.failed::before { content: "\\2717"; color: #c0392b; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; }
td { vertical-align: top; }
code { font-size: .9em; overflow-wrap: anywhere; }
form { margin: 1rem 0; }
summary { cursor: pointer; margin: .5rem 0; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`;
