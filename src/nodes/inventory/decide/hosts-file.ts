import { parseNodeId } from "../../../model.ts";
import type { NodeSpec } from "../../../model.ts";
import { arrangeGroups, groupLabels, resolveFields } from "./inventory-groups.ts";
import type { GroupTree } from "./inventory-groups.ts";
import { readInventory } from "./inventory-reader.ts";
import type { HostsProblem } from "./inventory-sayings.ts";
import type { InventoryHost } from "./inventory.ts";
import { isAddress } from "./node-keys.ts";
import type { NodeFields } from "./node-keys.ts";

export type { HostsProblem } from "./inventory-sayings.ts";

export interface HostsFile {
  /** In the order of the file. Empty if there is any problem: nothing is half understood. */
  readonly nodes: readonly NodeSpec[];
  /** By line. */
  readonly problems: readonly HostsProblem[];
}

const MAX_LENGTH = 1024 * 1024;

/** Reads a hosts file in the style of an Ansible inventory (INI), with every problem in it. Never throws. */
export function parseHostsFile(text: string): HostsFile {
  const unfit = findUnfit(text);
  if (unfit !== undefined) return { nodes: [], problems: [unfit] };
  const inventory = readInventory(text);
  const tree = arrangeGroups(inventory);
  const problems = [...inventory.problems, ...tree.problems];
  const nodes: { readonly spec: NodeSpec; readonly line: number }[] = [];
  for (const host of inventory.hosts.values()) {
    const spec = toSpec(host, tree);
    if (spec === undefined) problems.push(noAddress(host));
    else nodes.push({ spec, line: host.line });
  }
  problems.push(...sameMachine(nodes));
  if (problems.length === 0 && nodes.length === 0) problems.push(EMPTY);
  if (problems.length > 0) return { nodes: [], problems: inOrder(problems) };
  return { nodes: nodes.map(({ spec }) => spec), problems };
}

const EMPTY: HostsProblem = {
  line: 1,
  message: "the file names no host",
  remedy: 'Write one host a line, such as "node1 address=10.0.0.11".',
};

function findUnfit(text: string): HostsProblem | undefined {
  if (text.length > MAX_LENGTH) {
    return { line: 1, message: "the file is larger than 1 MiB", remedy: "Check that it is the hosts file." };
  }
  const first = text.split("\n").find((line) => !/^\s*(?:[#;].*)?$/.test(line));
  if (!/^(?:---|all:)\s*$/.test(first ?? "")) return undefined;
  return { line: 1, message: "this is YAML", remedy: "Write the inventory in INI form, one host a line." };
}

function toSpec(host: InventoryHost, tree: GroupTree): NodeSpec | undefined {
  const id = parseNodeId(host.name);
  const { address = host.name, labels = [], ...fields }: NodeFields = resolveFields(host, tree);
  if (id === undefined || !isAddress(address)) return undefined;
  return {
    sshPort: 22,
    become: "none",
    transport: "ssh",
    weight: 1,
    ...fields,
    id,
    address,
    labels: [...new Set([...labels, ...groupLabels(host, tree)])].sort(),
  };
}

function noAddress({ name, line }: InventoryHost): HostsProblem {
  return { line, message: `"${name}" is no address`, remedy: `Write "${name} address=...".` };
}

/** Two names for one machine would count its memory twice and start two hubs on the same ports. */
function sameMachine(
  nodes: readonly { readonly spec: NodeSpec; readonly line: number }[],
): readonly HostsProblem[] {
  const first = new Map<string, NodeSpec>();
  const problems = new Map<number, HostsProblem>();
  for (const { spec, line } of nodes) {
    const machine = `${spec.address.toLowerCase()} port ${spec.sshPort}`;
    const other = first.get(machine);
    if (other === undefined) first.set(machine, spec);
    else if (!problems.has(line)) {
      const message = `${spec.id} and ${other.id} are the same machine: ${machine}`;
      problems.set(line, { line, message, remedy: "Give each node an address of its own, or list it once." });
    }
  }
  return [...problems.values()];
}

function inOrder(problems: readonly HostsProblem[]): readonly HostsProblem[] {
  return [...problems].sort((a, b) => a.line - b.line);
}

/** Every problem of a file as lines for a person: "path:line: message", each followed by its remedy. */
export function describeProblems(path: string, problems: readonly HostsProblem[]): string {
  return problems
    .map(({ line, message, remedy }) => `${path}${line > 0 ? `:${line}` : ""}: ${message}\n    ${remedy}`)
    .join("\n");
}
