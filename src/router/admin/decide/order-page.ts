import type { NodeDetailAnswer } from "./api-views.ts";
import { html, page, type Html } from "../../web/decide/html.ts";
import type { PageTime } from "../../servers/decide/notice-parts.ts";
import { OCCUPANT_HEAD, occupantCells } from "./occupant-words.ts";
import type { OccupantAnswer } from "./occupants.ts";

/** One node: who is on it, and what may be asked of it. A page of its own, as `/admin` is read anew while one types. */
export function orderPage(
  { node, state, detail, closure, load, occupants }: NodeDetailAnswer,
  token: string,
  { nowMs, timeZone }: PageTime,
): string {
  const servers = load === null ? "" : ` Servers running there: ${load.servers}.`;
  const body = html`<h1>${node}</h1>
    <p>
      ${state}${detail === "" ? "" : `: ${detail}`}. It
      ${closure === null ? "takes new servers" : `is ${closure.words}`}.${servers}
    </p>
    ${occupants.length === 0 ? undefined : occupantTable(occupants, nowMs)}
    <p>Neither a cordon nor a drain stops anything: servers go on, and their users come back to them.</p>
    ${
      closure?.order === undefined || closure.order === null
        ? undefined
        : form(node, "lift", token, "Let it take new servers again")
    }
    <section>
      <h2>Keep new servers away</h2>
      ${form(node, "cordon", token, "Cordon", "Until", timeZone)}
    </section>
    <section>
      <h2>Let it become empty</h2>
      ${form(node, "drain", token, "Drain", "By", timeZone)}
    </section>
    <p class="muted"><a href="/admin">All nodes</a></p>`;
  return page({ title: node, body });
}

function occupantTable(occupants: readonly OccupantAnswer[], nowMs: number): Html {
  return html`<table>
    <thead>
      <tr>
        ${OCCUPANT_HEAD.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${occupants.map(
        (each) =>
          html`<tr>
            ${occupantCells(each, nowMs).map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function form(node: string, kind: string, token: string, label: string, end?: string, timeZone = ""): Html {
  const fields =
    end === undefined
      ? undefined
      : html`<p>
            <label
              >${end} <input name="end" placeholder="18:00, 2h, 2026-11-21 18:00" /> (${timeZone}; may be
              empty)</label
            >
          </p>
          <p>
            <label>Reason, which users see <input name="reason" maxlength="200" /></label>
          </p>`;
  return html`<form method="post" action="/admin/nodes/${node}/order">
    <input type="hidden" name="form_token" value="${token}" />
    <input type="hidden" name="kind" value="${kind}" />
    ${fields} <button class="quiet">${label}</button>
  </form>`;
}
