import type { Command } from "commander";
import type { PlanAnswer, PlansAnswer } from "../router/admin/decide/plan-views.ts";
import { stateWords } from "../router/admin/decide/plan-words.ts";
import { askFrom } from "./admin-client.ts";
import { caller } from "./caller.ts";
import { outcomeText, planText } from "./plan-text.ts";
import { follow } from "./rebalance.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

interface Output {
  readonly json?: true;
}

/** `plan list`, `plan show ID`, `plan approve ID`: the plans of rebalancing, and what came of them. */
export function registerPlans(program: Command, terminal: Terminal): void {
  const plan = program.command("plan").description("plans of rebalancing: list them, show one, approve one");
  plan
    .command("list")
    .description("the plans of the last days, the newest first")
    .option("--json", "as JSON")
    .action(async ({ json }: Output) => {
      const answer = (await askFrom(program, "GET", "/api/v1/plans")) as PlansAnswer;
      terminal.out(json ? formatJson(answer) : plansTable(answer));
    });
  plan
    .command("show <id>")
    .description("one plan with its reasons, and what came of it")
    .option("--json", "as JSON")
    .action(async (id: string, { json }: Output) => {
      const answer = (await askFrom(program, "GET", pathOf(id))) as PlanAnswer;
      terminal.out(json ? formatJson(answer) : planText(answer) + answer.moves.map(outcomeText).join(""));
    });
  plan
    .command("approve <id>")
    .description("have a plan carried out; each move is looked at again, and owners get their notice")
    .option("--json", "as JSON")
    .action(async (id: string, { json }: Output) => {
      const begun = (await askFrom(program, "POST", `${pathOf(id)}/approve`, { by: caller() })) as PlanAnswer;
      const answer = await follow(program, begun, (text) => {
        if (!json) terminal.out(text);
      });
      if (json) terminal.out(formatJson(answer));
    });
}

function pathOf(id: string): string {
  return `/api/v1/plans/${encodeURIComponent(id)}`;
}

function plansTable({ plans }: PlansAnswer): string {
  const rows = plans.map((plan) => {
    return [plan.id ?? "", plan.trigger, plan.nothing ?? String(plan.moves.length), stateWords(plan)];
  });
  return rows.length === 0
    ? "there are no plans\n"
    : formatTable([["PLAN", "FOR", "MOVES", "STATE"], ...rows]);
}
