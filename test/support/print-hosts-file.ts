import type { Maintenance, NodeSpec } from "../../src/model.ts";
import { addDays } from "../../src/wall-clock.ts";

/** A hosts file that says all of these nodes explicitly, one a line. */
export function printHostsFile(nodes: readonly NodeSpec[]): string {
  return nodes.map((node) => [node.id, ...assignments(node)].join(" ")).join("\n");
}

function assignments(node: NodeSpec): readonly string[] {
  const values: Readonly<Record<string, string | number | undefined>> = {
    address: node.address,
    port: node.sshPort,
    user: node.sshUser,
    become: node.become,
    transport: node.transport,
    weight: node.weight,
    labels: node.labels.length === 0 ? undefined : node.labels.join(","),
    max_servers: node.maxServers,
    maintenance: node.maintenance && printMaintenance(node.maintenance),
    jupyterhub: node.jupyterhub,
    proxy_command: node.proxyCommand,
  };
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${quote(String(value))}`],
  );
}

function printMaintenance({ windows, leadMs }: Maintenance): string {
  const printed = windows.map(({ day, from, days, to }) => `${day} ${from}-${lastDay(day, days)}${to}`);
  return [...printed, `lead ${leadMs / 60_000}min`].join(", ");
}

/** Of a window of one week's day that ends on another, or of one date that ends on another. */
function lastDay(day: string, days: number): string {
  if (day === "daily" || days === 0) return "";
  if (/^\d/.test(day)) return `${addDays(day, days)} `;
  return `${WEEKDAYS[(WEEKDAYS.indexOf(day) + days) % 7] ?? ""} `;
}

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function quote(value: string): string {
  return /^[\w./:,-]*$/.test(value) ? value : `"${value.replace(/(["\\])/g, "\\$1")}"`;
}
