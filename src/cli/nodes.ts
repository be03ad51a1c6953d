import type { Command } from "commander";
import type {
  LoadAnswer,
  NodeAnswer,
  NodeDetailAnswer,
  NodesAnswer,
} from "../router/admin/decide/api-views.ts";
import { OCCUPANT_HEAD, occupantCells } from "../router/admin/decide/occupant-words.ts";
import type { OccupantAnswer } from "../router/admin/decide/occupants.ts";
import { askFrom } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

const GIB = 1024 ** 3;

const HEAD = ["NODE", "STATE", "HUB", "SERVERS", "STARTING", "LOAD/CORE", "MEMORY FREE", "DETAIL"];

/** `nodes [NODE] [--json]`: every node, its state and its load, as the running router sees them; of one also who is there. */
export function registerNodes(program: Command, terminal: Terminal): void {
  program
    .command("nodes [node]")
    .description(
      "show every node: state, load, servers; and what is wrong with the hosts file. Of one node: who is on it",
    )
    .option("--json", "as JSON")
    .action(async (node: string | undefined, { json }: { json?: true }) => {
      if (node !== undefined) {
        const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
        const detail = (await askFrom(program, "GET", path)) as NodeDetailAnswer;
        terminal.out(json ? formatJson(detail) : detailText(detail));
        return;
      }
      const answer = (await askFrom(program, "GET", "/api/v1/nodes")) as NodesAnswer;
      terminal.out(json ? formatJson(answer) : nodesTable(answer));
    });
}

function detailText(detail: NodeDetailAnswer): string {
  const { occupants } = detail;
  const there = occupants.length === 0 ? "nobody is on it\n" : occupantTable(occupants, Date.now());
  return `${formatTable([HEAD, nodeRow(detail)])}\n${there}`;
}

/** Who is on a node, busy ones first; nothing where nobody is. */
export function occupantTable(occupants: readonly OccupantAnswer[], nowMs: number): string {
  if (occupants.length === 0) return "";
  const head = OCCUPANT_HEAD.map((name) => name.toUpperCase());
  return formatTable([head, ...occupants.map((each) => occupantCells(each, nowMs))]);
}

function nodesTable({ nodes, problems }: NodesAnswer): string {
  const warnings = problems.map(
    ({ line, message }) => `hosts file${line > 0 ? `, line ${line}` : ""}: ${message}\n`,
  );
  return formatTable([HEAD, ...nodes.map(nodeRow)]) + warnings.join("");
}

function nodeRow(node: NodeAnswer): string[] {
  const state = [node.state, ...(node.closure === null ? [] : [node.closure.state])].join(", ");
  return [
    node.node,
    state,
    node.hub?.state ?? "-",
    ...loadCells(node.load, node.reservations),
    details(node).join("; "),
  ];
}

function details({ state, detail, troubles, closure, warnings }: NodeAnswer): string[] {
  const remedy = state === "down" ? (troubles[0]?.remedy ?? "") : "";
  return [detail, remedy, closure?.words ?? "", ...warnings].filter((text) => text !== "");
}

function loadCells(load: LoadAnswer | null, reservations: number): string[] {
  if (load === null) return ["-", String(reservations), "-", "-"];
  const free = `${gib(load.memoryAvailableBytes)} of ${gib(load.memoryTotalBytes)} GiB`;
  return [String(load.servers), String(reservations), (load.load1 / load.cores).toFixed(2), free];
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
