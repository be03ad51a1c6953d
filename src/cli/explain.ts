import type { Command } from "commander";
import { count, percent } from "../amounts.ts";
import type { AsksAnswer, ExplainAnswer, PlacementAnswer } from "../router/admin/decide/api-views.ts";
import { askFrom } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";
import { serversText } from "./where.ts";

/** `explain USER [--json]`: the table a placement of this user would be decided by, and the last one that was. */
export function registerExplain(program: Command, terminal: Terminal): void {
  program
    .command("explain <user>")
    .description("show what a user's server asks for, which node it would be placed on now, and why")
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
  return serversText(answer) + asksText(answer.asks) + now + before;
}

/** Nothing where users choose nothing and no group asks for labels. */
function asksText({ choice, labels, gpus, groups, trouble }: AsksAnswer): string {
  const asked = [
    ...(choice === null ? [] : [`the choice "${choice}"`]),
    ...(labels.length === 0 ? [] : [`the labels ${labels.join(", ")}`]),
    ...(gpus === 0 ? [] : [count(gpus, "GPU")]),
  ];
  const rows = groups.map(({ group, from, labels }) => [`  ${group}`, FROM[from], labels.join(", ")]);
  return [
    ...(asked.length === 0 ? [] : [`\nIts server asks for ${asked.join(", ")}.\n`]),
    ...(rows.length === 0 ? [] : [`\n${formatTable([["  GROUP", "BY", "LABELS"], ...rows])}`]),
    ...(trouble === "" ? [] : [`\n${trouble}\n`]),
  ].join("");
}

const FROM = { "sign-in": "the sign-in", system: "the router's system" };

function verdictTable({ node: chosen, verdicts }: PlacementAnswer): string {
  const rows = verdicts.map(({ node, accepted, score, reasons }) => [
    node === chosen ? `* ${node}` : `  ${node}`,
    accepted && score !== undefined ? percent(score) : "no",
    reasons.join("; "),
  ]);
  return formatTable([["  NODE", "USE", "WHY"], ...rows]);
}
