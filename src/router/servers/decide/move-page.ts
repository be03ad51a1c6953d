import { postButton, type FormContext } from "../../web/decide/forms.ts";
import { html, page, type Html } from "../../web/decide/html.ts";
import type { MoveOutlook, MovePossible, MoveRefused } from "./move.ts";
import { placementTable } from "../../way-in/decide/placement-table.ts";
import { busyText } from "../../way-in/decide/server-words.ts";

/** Where a server would be put, what that costs, and the button; or why it stays. */
export function movePage(outlook: MoveOutlook, context: FormContext): string {
  const body = outlook.kind === "possible" ? possiblePart(outlook, context) : refusedPart(outlook);
  return page({
    title: "Move my server",
    body: html`${body}
      <p><a href="/home">My servers</a></p>`,
  });
}

function possiblePart({ sighting, target, verdicts }: MovePossible, context: FormContext): Html {
  const { node, record } = sighting;
  const busy = record === undefined ? "What runs in it is not known" : `In it now: ${busyText(record)}`;
  return html`<h1>Move your server to ${target}?</h1>
    <p>
      It runs on <strong>${node}</strong>. A server started now would be put on <strong>${target}</strong>.
    </p>
    ${placementTable(verdicts)}
    <ul>
      <li>
        Kept: your files. They are on the file server, and the same on every node. Links and open tabs find
        the new place by themselves.
      </li>
      <li>
        Lost: what is only in memory. Kernels and terminals end, with all variables and whatever they are
        computing; notebooks that are not saved lose the last changes.
      </li>
      <li>${busy}.</li>
    </ul>
    ${postButton(`/home/move?node=${encodeURIComponent(node)}`, "Stop it here and move it", context)}`;
}

function refusedPart({ why, words, verdicts }: MoveRefused): Html {
  return html`<h1>${TITLES[why]}</h1>
    <p>${words} Nothing was stopped.</p>
    ${verdicts.length === 0 ? undefined : placementTable(verdicts)}`;
}

const TITLES: Readonly<Record<MoveRefused["why"], string>> = {
  best: "Your server is on the best node already",
  nowhere: "There is no other place for your server now",
  "not-now": "Your server cannot be moved now",
};
