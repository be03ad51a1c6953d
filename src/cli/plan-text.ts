import type { MoveAnswer, PlanAnswer } from "../router/admin/decide/plan-views.ts";
import { moveWords, serverWords, stateWords, useWords } from "../router/admin/decide/plan-words.ts";
import { formatTable } from "./terminal.ts";

/** A plan with its reasons. */
export function planText(plan: PlanAnswer): string {
  const title = plan.id === null ? "plan" : `plan ${plan.id}`;
  const head = `${title}, made for ${plan.trigger}; it ${stateWords(plan)}\n`;
  const body = plan.nothing === null ? plan.moves.map(moveText).join("") : `nothing to do: ${plan.nothing}\n`;
  const rows = plan.nodes.map(({ node, standing, before, after, words }) => {
    return [node, standing, useWords(before, after), words];
  });
  const alone = plan.leftAlone.map(
    (each) => `left alone: ${serverWords(each)} on ${each.node}: ${each.why}\n`,
  );
  return `${head}${body}${formatTable([["NODE", "STANDING", "USE", "WHY"], ...rows])}${alone.join("")}`;
}

function moveText(move: MoveAnswer): string {
  const reasons = move.reasons.map((reason) => `     ${reason}\n`);
  return `${move.id.padStart(3)}. ${moveWords(move)}\n${reasons.join("")}`;
}

/** What came of one move. */
export function outcomeText({ id, outcome }: MoveAnswer): string {
  return outcome === null ? "" : `${id.padStart(3)}. ${outcome.result}: ${outcome.words}\n`;
}
