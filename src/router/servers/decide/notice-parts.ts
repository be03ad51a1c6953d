import type { StopNotice } from "../../../plan.ts";
import { showTime } from "../../../wall-clock.ts";
import { postButton, type FormContext } from "../../web/decide/forms.ts";
import { html, type Html } from "../../web/decide/html.ts";

/** Times are shown by this clock. */
export interface PageTime {
  readonly nowMs: number;
  readonly timeZone: string;
}

/** That an idle server will be stopped: why, when at the earliest, what that means, and how its owner keeps it. */
export function stopNoticePart(
  { words, notBeforeMs }: StopNotice,
  context: FormContext,
  { nowMs, timeZone }: PageTime,
): Html {
  return html`<p>
      <strong>It is idle and will be stopped</strong>, at ${showTime(notBeforeMs, nowMs, timeZone)} at the
      earliest: ${words}. Your files stay. Kernels and terminals end, with all that is only in memory. It is
      not stopped once you use it again.
    </p>
    ${postButton("/home/keep", "Keep it", context)}`;
}

export function keptPart(untilMs: number, { nowMs, timeZone }: PageTime): Html {
  return html`<p class="muted">
    You keep it: it is not stopped for being idle until ${showTime(untilMs, nowMs, timeZone)}.
  </p>`;
}

/** That the node of a running server is to become empty, and the way off it. */
export function closingPart(words: string, move: string): Html {
  return html`<p>
      <strong>${words}</strong> Your server goes on, and is not stopped while you use it. Your files stay
      wherever it runs next; kernels and terminals do not move.
    </p>
    <p><a class="button" href="${move}">Move it now…</a></p>`;
}
