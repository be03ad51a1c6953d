import type { Command } from "commander";
import type { ServerAnswer, ServersAnswer } from "../router/admin/decide/servers-answer.ts";
import { askFrom } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

/** `where USER [--json]`: the user's servers; fails when that is not known. */
export function registerWhere(program: Command, terminal: Terminal): void {
  program
    .command("where <user>")
    .description("show where a user's servers run")
    .option("--json", "as JSON")
    .action(async (user: string, { json }: { json?: true }) => {
      const path = `/api/v1/users/${encodeURIComponent(user)}/servers`;
      const answer = (await askFrom(program, "GET", path)) as ServersAnswer;
      terminal.out(json ? formatJson(answer) : serversText(answer));
      if (answer.kind === "unknown") terminal.fail();
    });
}

/** What is known of a user's servers, in words. */
export function serversText(answer: ServersAnswer): string {
  const { trouble } = answer.home;
  return `${placesText(answer)}${trouble === "" ? "" : `${trouble}\n`}`;
}

function placesText({ user, kind, servers, silent }: ServersAnswer): string {
  if (kind === "none") return `${user} has no server running\n`;
  if (kind === "found") return formatTable([HEAD, ...servers.map(serverRow)]);
  const places = silent.map(({ node, reason }) => `  ${node ?? "the home"}: ${reason}\n`);
  return `it is not known whether ${user} has a server; these do not answer:\n${places.join("")}`;
}

const HEAD = ["SERVER", "NODE", "STATE", "PID", "BUSY KERNELS", "LAST ACTIVITY", "EVIDENCE"];

function serverRow({ server, node, state, pid, record, ...seen }: ServerAnswer): string[] {
  const kernels = record === null ? "-" : `${record.kernels.busy} of ${record.kernels.open}`;
  const evidence = `${seen.evidence}, ${Math.round(seen.ageMs / 1000)} s old`;
  const name = server === "" ? "(default)" : server;
  return [name, node, state, String(pid ?? "-"), kernels, seen.lastActivity ?? "-", evidence];
}
