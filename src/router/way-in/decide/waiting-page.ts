import { html, page, raw, type Html } from "../../web/decide/html.ts";
import { failureText, wordsFor } from "./failure-page.ts";
import { postButton, type FormContext } from "../../web/decide/forms.ts";
import type { Journey, Step } from "./journey.ts";
import { obstacleText, obstacleTitle } from "./obstacle-page.ts";
import { placementTable } from "./placement-table.ts";
import { WAITING_SCRIPT } from "./waiting-script.ts";

/** Which of its pages a journey shows now; a page reloads itself when this changes. */
export type Face = "going" | "silent" | "silent-choice" | "lost" | "kept" | "several" | "wish" | "failed";

export function faceOf({ outcome, obstacle }: Journey): Face {
  if (outcome?.kind === "failed") return "failed";
  if (obstacle === undefined) return "going";
  if (obstacle.kind === "silent") return obstacle.mayStartElsewhere ? "silent-choice" : "silent";
  return obstacle.kind === "lost" && obstacle.keptUntilMs !== undefined ? "kept" : obstacle.kind;
}

export interface WaitingPageContext extends FormContext {
  /** Where the page hears of changes. */
  readonly eventsUrl: string;
  /** Allows the page's one script. */
  readonly nonce: string;
  readonly nowMs: number;
}

/** The page a user watches on the way to their server: live by script, by refresh without. */
export function waitingPage(journey: Journey, context: WaitingPageContext): string {
  const face = faceOf(journey);
  const title = titleOf(journey);
  const isLive = face !== "failed";
  const body = html`<h1>${title}</h1>
    <p class="visually-hidden" role="status" id="status">${statusLine(journey)}</p>
    ${aboutFace(journey, context)}
    <div id="journey" data-face="${face}" data-events="${context.eventsUrl}">
      <div id="steps">${stepList(journey)}</div>
    </div>
    ${
      isLive
        ? html`<script nonce="${context.nonce}">
            ${raw(WAITING_SCRIPT)};
          </script>`
        : undefined
    }`;
  const head = isLive
    ? html`<noscript><meta http-equiv="refresh" content="${face === "going" ? 3 : 10}" /></noscript>`
    : undefined;
  return page({ title, body, ...(head && { head }) });
}

/** The steps and, once there is one, the table of the placement: what changes while a page is open. */
export function stepList(journey: Journey): Html {
  const { node, verdicts, steps } = journey;
  const why = node === undefined ? "Why no node?" : `Why ${node}?`;
  return html`<ol class="steps">
      ${steps.filter(({ state }) => state !== "skipped").map((step) => stepItem(step, node ?? "the node"))}
    </ol>
    ${
      verdicts.length === 0
        ? undefined
        : html`<details ${node === undefined ? raw("open") : undefined}>
            <summary>${why}</summary>
            ${placementTable(verdicts)}
          </details>`
    }`;
}

/** What is being done now, in one line, for those who listen to the page. */
export function statusLine({ steps, outcome, node }: Journey): string {
  if (outcome?.kind === "arrived") return `Your server on ${outcome.node} is ready.`;
  if (outcome?.kind === "failed") return wordsFor(outcome.code).title;
  const active = steps.find(({ state }) => state === "active");
  return active === undefined ? "" : stepTitle(active, node ?? "the node");
}

function titleOf({ outcome, obstacle }: Journey): string {
  if (outcome?.kind === "failed") return wordsFor(outcome.code).title;
  return obstacle === undefined ? "On the way to your server" : obstacleTitle(obstacle);
}

function aboutFace({ outcome, obstacle }: Journey, context: WaitingPageContext): Html | undefined {
  if (outcome?.kind === "failed") {
    return html`${failureText(outcome)} ${postButton("/retry", "Try again", context)}
      <p><a href="/home">My servers</a></p>`;
  }
  return obstacle === undefined ? undefined : obstacleText(obstacle, context);
}

function stepItem(step: Step, node: string): Html {
  const lines = step.lines.slice(-3).map((line) => html`<div class="reasons">${line}</div>`);
  return html`<li class="${step.state}" ${step.state === "active" ? raw('aria-current="step"') : undefined}>
    ${stepTitle(step, node)}${lines}
  </li>`;
}

const TITLES: Record<Step["id"], Readonly<Record<"ahead" | "now" | "done", (node: string) => string>>> = {
  find: {
    ahead: () => "Your server",
    now: () => "Looking for your server",
    done: () => "Looked for your server",
  },
  choose: { ahead: () => "A node", now: () => "Choosing a node", done: (node) => `Chose ${node}` },
  hub: {
    ahead: () => "JupyterHub",
    now: (node) => `Starting JupyterHub on ${node}`,
    done: (node) => `JupyterHub on ${node} is ready`,
  },
  server: {
    ahead: () => "JupyterLab",
    now: (node) => `Starting your server on ${node}`,
    done: () => "Your server is ready",
  },
};

function stepTitle({ id, state }: Step, node: string): string {
  if (state === "waiting") return TITLES[id].ahead(node);
  return TITLES[id][state === "done" ? "done" : "now"](node);
}
