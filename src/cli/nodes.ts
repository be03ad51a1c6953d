import type { Command } from "commander";
import type { LoadAnswer, NodeAnswer, NodesAnswer } from "../router/decide/api-views.ts";
import { askFrom } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

const GIB = 1024 ** 3;

/** `nodes [--json]`: every node, its state and its load, as the running router sees them. */
export function registerNodes(program: Command, terminal: Terminal): void {
  program
    .command("nodes")
    .description("show every node: state, load, servers; and what is wrong with the hosts file")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: true }) => {
      const answer = (await askFrom(program, "GET", "/api/v1/nodes")) as NodesAnswer;
      terminal.out(json ? formatJson(answer) : nodesTable(answer));
    });
}

function nodesTable({ nodes, problems }: NodesAnswer): string {
  const head = ["NODE", "STATE", "SERVERS", "STARTING", "LOAD/CORE", "MEMORY FREE", "DETAIL"];
  const warnings = problems.map(
    ({ line, message }) => `hosts file${line > 0 ? `, line ${line}` : ""}: ${message}\n`,
  );
  return formatTable([head, ...nodes.map(nodeRow)]) + warnings.join("");
}

function nodeRow(node: NodeAnswer): string[] {
  const state = node.draining ? `${node.state}, draining` : node.state;
  return [node.node, state, ...loadCells(node.load, node.reservations), node.detail];
}

function loadCells(load: LoadAnswer | null, reservations: number): string[] {
  if (load === null) return ["-", String(reservations), "-", "-"];
  const free = `${gib(load.memoryAvailableBytes)} of ${gib(load.memoryTotalBytes)} GiB`;
  return [String(load.servers), String(reservations), (load.load1 / load.cores).toFixed(2), free];
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
