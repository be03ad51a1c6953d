import type { Command } from "commander";
import { percent } from "../amounts.ts";
import type { ExplainAnswer, PlacementAnswer } from "../router/decide/api-views.ts";
import { askFrom } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";
import { serversText } from "./where.ts";

/** `explain USER [--json]`: the table a placement of this user would be decided by, and the last one that was. */
export function registerExplain(program: Command, terminal: Terminal): void {
  program
    .command("explain <user>")
    .description("show which node a user's server would be placed on now, and why")
    .option("--json", "as JSON")
    .action(async (user: string, { json }: { json?: true }) => {
      const path = `/api/v1/explain/${encodeURIComponent(user)}`;
      const answer = (await askFrom(program, "GET", path)) as ExplainAnswer;
      terminal.out(json ? formatJson(answer) : explainText(answer));
    });
}

function explainText(answer: ExplainAnswer): string {
  const now = `\nA start now would go to ${answer.now.node ?? "no node"}:\n${verdictTable(answer.now)}`;
  const { last } = answer;
  const before = last === null ? "" : `\nThe last placement, ${last.at}:\n${verdictTable(last)}`;
  return serversText(answer) + now + before;
}

function verdictTable({ node: chosen, verdicts }: PlacementAnswer): string {
  const rows = verdicts.map(({ node, accepted, score, reasons }) => [
    node === chosen ? `* ${node}` : `  ${node}`,
    accepted && score !== undefined ? percent(score) : "no",
    reasons.join("; "),
  ]);
  return formatTable([["  NODE", "USE", "WHY"], ...rows]);
}
