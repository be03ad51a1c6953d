import { parseNodeId } from "../../../model.ts";
import { expandHostPattern } from "./host-range.ts";
import { readSaying, say } from "./inventory-sayings.ts";
import type { HostsProblem, Tell } from "./inventory-sayings.ts";
import { splitWords } from "./inventory-words.ts";
import { addHost, INVENTORY_LIMIT, tooMany } from "./inventory.ts";
import type { Inventory, InventoryHost } from "./inventory.ts";

/** Reads `pattern[:port] key=value ...` into the inventory: hosts of `group`, and what the line says of each. */
export function readHostLine(inventory: Inventory, group: string, text: string, line: number): void {
  const split = splitWords(text);
  if (!split.ok) {
    inventory.problems.push({ line, message: split.message, remedy: split.remedy });
    return;
  }
  const [pattern = "", ...words] = split.words;
  const { names, port, problem } = readPattern(pattern, line);
  if (problem !== undefined) inventory.problems.push(problem);
  const hosts = addHosts(inventory, names, group, line);
  function tell(saying: Parameters<Tell>[0]): HostsProblem | undefined {
    return hosts.map((host) => say(host.sayings, saying)).find((found) => found !== undefined);
  }
  const ports = port === undefined ? [] : [`port=${port}`, `ansible_port=${port}`];
  const found = [...ports, ...words].map((word, index) =>
    readWord(word, index + 2 - ports.length, line, tell),
  );
  inventory.problems.push(...distinct(found.filter((each) => each !== undefined)));
}

/** A bad port of `host:port` is read under two names and told once. */
function distinct(problems: readonly HostsProblem[]): readonly HostsProblem[] {
  return problems.filter(
    ({ message }, index) => problems.findIndex((other) => other.message === message) === index,
  );
}

function addHosts(
  inventory: Inventory,
  names: readonly string[],
  group: string,
  line: number,
): readonly InventoryHost[] {
  return names.flatMap((name) => {
    if (inventory.hosts.has(name) || inventory.hosts.size < INVENTORY_LIMIT) {
      return [addHost(inventory, name, group, line)];
    }
    tooMany(inventory, "hosts", line);
    return [];
  });
}

function readWord(word: string, position: number, line: number, tell: Tell): HostsProblem | undefined {
  const [, key, value = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (key !== undefined) return readSaying(key, value, line, tell);
  // Where it is, not what: a stray word may be the second half of an unquoted password.
  const remedy = "After the name of a host comes key=value; quote a value that holds spaces.";
  return { line, message: `word ${position} of the line is not key=value`, remedy };
}

interface Pattern {
  readonly names: readonly string[];
  readonly port?: string | undefined;
  readonly problem?: HostsProblem;
}

function readPattern(pattern: string, line: number): Pattern {
  const [, host = pattern, port] = /^(.+):(\d+)$/s.exec(pattern) ?? [];
  const expanded = expandHostPattern(host, INVENTORY_LIMIT);
  if (!expanded.ok) {
    return { names: [], port, problem: { line, message: expanded.message, remedy: expanded.remedy } };
  }
  const wrong = expanded.names.find((name) => parseNodeId(name) === undefined);
  if (wrong !== undefined) return { names: [], port, problem: badName(wrong, line) };
  return { names: expanded.names, port };
}

function badName(name: string, line: number): HostsProblem {
  const better = name.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  const canSuggest = parseNodeId(better) !== undefined && /^[\w.-]+$/.test(name);
  const rule = "names are lower-case letters, digits, dots and dashes, at most 63";
  return {
    line,
    message: `"${name.slice(0, 80)}" cannot name a node: ${rule}`,
    remedy: canSuggest
      ? `Write "${better} address=${name}".`
      : 'Give the machine a name and write "name address=...".',
  };
}
