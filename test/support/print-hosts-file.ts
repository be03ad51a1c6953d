import type { NodeSpec } from "../../src/model.ts";

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
    jupyterhub: node.jupyterhub,
    proxy_command: node.proxyCommand,
  };
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${quote(String(value))}`],
  );
}

function quote(value: string): string {
  return /^[\w./:,-]*$/.test(value) ? value : `"${value.replace(/(["\\])/g, "\\$1")}"`;
}
