import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { PlanAnswer } from "../router/admin/decide/plan-views.ts";
import { askFrom } from "./admin-client.ts";
import { caller } from "./caller.ts";
import { outcomeText, planText } from "./plan-text.ts";
import { formatJson, type Terminal } from "./terminal.ts";

interface RebalanceOptions {
  readonly dryRun?: true;
  readonly act?: true;
  readonly json?: true;
}

/** `rebalance`: makes a plan now; `--dry-run` only shows it, `--act` has it carried out and follows that. */
export function registerRebalance(program: Command, terminal: Terminal): void {
  program
    .command("rebalance")
    .description(
      "make a plan now, as the schedule does: kept for approval, or carried out, by rebalance.mode",
    )
    .option("--dry-run", "show what would be done and why; nothing is kept, nobody is told")
    .option("--act", "carry it out now, whatever rebalance.mode says; owners still get their notice")
    .option("--json", "as JSON")
    .action(async ({ dryRun, act, json }: RebalanceOptions) => {
      const wish = { by: caller(), dryRun: dryRun === true, act: act === true };
      const made = (await askFrom(program, "POST", "/api/v1/rebalance", wish)) as PlanAnswer;
      if (!json) terminal.out(planText(made));
      const plan = await follow(program, made, (text) => {
        if (!json) terminal.out(text);
      });
      if (json) terminal.out(formatJson(plan));
      if (plan.moves.some(hasGoneWrong)) terminal.fail();
    });
}

function hasGoneWrong({ outcome }: PlanAnswer["moves"][number]): boolean {
  return outcome?.result === "failed" || outcome?.result === "unknown";
}

/** Tells each outcome as it comes, until nothing more is to come soon. */
export async function follow(
  program: Command,
  made: PlanAnswer,
  tell: (text: string) => void,
): Promise<PlanAnswer> {
  let plan = made;
  tellOutcomes(plan.moves, tell);
  while (isUnderWay(plan)) {
    await sleep(LOOK_MS);
    const next = (await askFrom(program, "GET", `/api/v1/plans/${plan.id ?? ""}`)) as PlanAnswer;
    const known = plan.moves.filter(({ outcome }) => outcome !== null).map(({ id }) => id);
    tellOutcomes(
      next.moves.filter(({ id }) => !known.includes(id)),
      tell,
    );
    // The word of an approval is with the router that acts before it is in the plan.
    plan = { ...next, approvedBy: next.approvedBy ?? plan.approvedBy };
  }
  const left = plan.moves.filter(({ outcome }) => outcome === null).length;
  if (plan.state === "grace") tell(`${left} left until owners, who are told now, have had their time\n`);
  return plan;
}

const LOOK_MS = 500;

function isUnderWay({ state, approvedBy }: PlanAnswer): boolean {
  return state === "acting" || (state === "waiting" && approvedBy !== null);
}

function tellOutcomes(moves: PlanAnswer["moves"], tell: (text: string) => void): void {
  for (const move of moves) if (move.outcome !== null) tell(outcomeText(move));
}
