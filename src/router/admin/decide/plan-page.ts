import { html, page, type Html } from "../../web/decide/html.ts";
import { moveWords, serverWords, stateWords, useWords } from "./plan-words.ts";
import type { MoveAnswer, PlanAnswer, PlansAnswer } from "./plan-views.ts";

const NOW = html`<p class="muted"><a href="/admin">All nodes</a> · <a href="/admin/plans">All plans</a></p>`;

/** The plans of the last days, and the way to a new one. */
export function plansPage({ mode, plans }: PlansAnswer, token: string): string {
  const body = html`<h1>Rebalancing</h1>
    <p>${MODES[mode]}</p>
    <form method="post" action="/admin/plans">
      <input type="hidden" name="form_token" value="${token}" />
      <button class="quiet">Make a plan now</button>
    </form>
    ${plans.length === 0 ? html`<p>There are no plans yet.</p>` : table(plans)}
    <p class="muted"><a href="/admin">All nodes</a> · <a href="/api/v1/plans">as JSON</a></p>`;
  return page({ title: "Rebalancing", body });
}

const MODES = {
  off: "It is switched off: no plans are made.",
  report: "Plans are kept and shown. They are carried out when somebody approves them.",
  act: "Plans are carried out as soon as they are made.",
};

function table(plans: readonly PlanAnswer[]): Html {
  return html`<table>
    <thead>
      <tr>
        ${["Plan", "For", "State", "Moves"].map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${plans.map(
        (plan) =>
          html`<tr>
            <td><a href="/admin/plans/${plan.id ?? ""}">${plan.madeAt}</a></td>
            <td>${plan.trigger}</td>
            <td>${stateWords(plan)}</td>
            <td>${plan.nothing ?? plan.moves.length}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** One plan with its evidence, what came of it, and the button by which somebody approves it. */
export function planPage(plan: PlanAnswer, token: string): string {
  const isLive = plan.state === "acting" || plan.state === "grace";
  const body = html`<h1>Plan of ${plan.madeAt}</h1>
    <p>Made for ${plan.trigger}. It ${stateWords(plan)}.</p>
    ${plan.state === "waiting" ? approval(plan, token) : undefined}
    ${plan.nothing === null ? moves(plan) : html`<p>Nothing to do: ${plan.nothing}</p>`} ${uses(plan)}
    ${plan.leftAlone.length === 0 ? undefined : leftAlone(plan)} ${NOW}`;
  const head = html`<meta http-equiv="refresh" content="3" />`;
  return page({ title: `Plan ${plan.id ?? ""}`, body, ...(isLive && { head }) });
}

function approval({ id }: PlanAnswer, token: string): Html {
  return html`<form method="post" action="/admin/plans/${id ?? ""}/approve">
    <input type="hidden" name="form_token" value="${token}" />
    <p>
      Each move is looked at again before it is made, and owners are told before their servers are stopped.
    </p>
    <button>Carry it out</button>
  </form>`;
}

function moves({ moves: all }: PlanAnswer): Html {
  return html`<section>
    <h2>Moves</h2>
    <ol class="steps">
      ${all.map((move) => html`<li class="${lookOf(move)}">${moveWords(move)}${details(move)}</li>`)}
    </ol>
  </section>`;
}

function lookOf({ outcome }: MoveAnswer): string {
  if (outcome === null) return "waiting";
  return outcome.result === "done" ? "done" : "failed";
}

function details({ reasons, stop, outcome }: MoveAnswer): Html {
  const notBefore = stop === null || outcome !== null ? [] : [`not before ${stop.notBefore}`];
  const came = outcome === null ? [] : [`${outcome.result}: ${outcome.words} (${outcome.at})`];
  return html`${[...reasons, ...notBefore, ...came].map((text) => html`<div class="reasons">${text}</div>`)}`;
}

function uses({ nodes }: PlanAnswer): Html {
  return html`<section>
    <h2>Use of the nodes</h2>
    <table>
      <thead>
        <tr>
          ${["Node", "Standing", "Use", "Why"].map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${nodes.map(
          ({ node, standing, before, after, words }) =>
            html`<tr>
              <td>${node}</td>
              <td>${standing}</td>
              <td>${useWords(before, after)}</td>
              <td>${words}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function leftAlone({ leftAlone: servers }: PlanAnswer): Html {
  return html`<section>
    <h2>Left alone</h2>
    <ul>
      ${servers.map((each) => html`<li>${serverWords(each)} on ${each.node}: ${each.why}</li>`)}
    </ul>
  </section>`;
}
