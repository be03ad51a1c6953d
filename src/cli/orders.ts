import type { Command } from "commander";
import type { OrderedAnswer } from "../router/admin/decide/api-views.ts";
import { askFrom } from "./admin-client.ts";
import { caller } from "./caller.ts";
import { occupantTable } from "./nodes.ts";
import { formatJson, type Terminal } from "./terminal.ts";

interface OrderOptions {
  readonly until?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const TIME = "18:00, 2h or 2026-11-21T18:00; the time zone is that of the router's machine";

/** `cordon`, `drain`, and `undrain` or `uncordon NODE`: what an admin asks of a node, which keeps it itself. */
export function registerOrders(program: Command, terminal: Terminal): void {
  function order(name: string, kind: "cordon" | "drain" | "lift", description: string): Command {
    return program
      .command(`${name} <node>`)
      .description(description)
      .option("--dry-run", "say what would be, and ask nothing of the node")
      .option("--json", "as JSON")
      .action(async (node: string, { until, by, reason, dryRun, json }: OrderOptions) => {
        const wish = { kind, by: caller(), end: until ?? by, reason, dryRun: dryRun === true };
        const path = `/api/v1/nodes/${encodeURIComponent(node)}/order`;
        const answer = (await askFrom(program, "POST", path, wish)) as OrderedAnswer;
        terminal.out(json ? formatJson(answer) : orderText(answer));
      });
  }
  order("cordon", "cordon", "keep new servers away from a node; those that run there stay")
    .option("--until <time>", `when it ends by itself: ${TIME}`)
    .option("--reason <text>", "shown to users and admins");
  order("drain", "drain", "keep new servers away from a node that is to become empty; say when it is")
    .option("--by <time>", `by when: ${TIME}`)
    .option("--reason <text>", "shown to users and admins");
  order("undrain", "lift", "let a node take new servers again").alias("uncordon");
}

function orderText({ node, dryRun, after, servers, occupants }: OrderedAnswer): string {
  const would = dryRun ? "would be " : "";
  if (after === null) return `${node} ${dryRun ? "would take" : "takes"} new servers\n`;
  const left = servers === null || servers === 0 ? "" : `\n  ${servers} running there, left alone`;
  return `${node}: ${would}${after.words}${left}\n${occupantTable(occupants, Date.now())}`;
}
