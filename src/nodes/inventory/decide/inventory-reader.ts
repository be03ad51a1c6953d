import { readHostLine } from "./inventory-host-line.ts";
import { readSaying, say } from "./inventory-sayings.ts";
import type { HostsProblem } from "./inventory-sayings.ts";
import { addGroup, emptyInventory, findGroup } from "./inventory.ts";
import type { Inventory } from "./inventory.ts";
import { isLabel } from "./node-keys.ts";

type Section =
  { readonly kind: "hosts" | "vars" | "children"; readonly group: string } | { readonly kind: "skip" };

const MAX_LINE_LENGTH = 4096;

/** Reads the lines of an inventory, every problem included. Lines below a section nobody understands are skipped. */
export function readInventory(text: string): Inventory {
  const inventory = emptyInventory();
  let section: Section = { kind: "hosts", group: "ungrouped" };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim();
    if (line === "" || /^[#;]/.test(line)) continue;
    if (line.length > MAX_LINE_LENGTH) inventory.problems.push(tooLong(index + 1));
    else if (isHeader(line)) section = readHeader(inventory, line, index + 1);
    else readLine(inventory, section, line, index + 1);
  }
  return inventory;
}

function tooLong(line: number): HostsProblem {
  const message = `the line is longer than ${MAX_LINE_LENGTH} characters`;
  return { line, message, remedy: "Check that it is the hosts file." };
}

function isHeader(line: string): boolean {
  return line.startsWith("[") && (!line.includes("]") || /^\[[^[\]]*\]\s*(?:[#;].*)?$/.test(line));
}

const SECTIONS = "Sections are [group], [group:vars] and [group:children].";

function readHeader(inventory: Inventory, text: string, line: number): Section {
  const header = /^\[(?<name>[^:\]\s]+)(?::(?<kind>\w+))?\]/.exec(text)?.groups;
  const { name, kind = "hosts" } = header ?? {};
  if (name === undefined) return skip(inventory, line, "this is not a section");
  if (!isLabel(name)) {
    return skip(inventory, line, "the name of a group is made of letters, digits, _ . and -");
  }
  if (!isKind(kind)) return skip(inventory, line, `there is no kind of section "${kind.slice(0, 40)}"`);
  const group = findGroup(inventory, name, line);
  if (group === undefined) return { kind: "skip" };
  if (kind !== "vars") group.isDeclared = true;
  return { kind, group: name };
}

function isKind(text: string): text is "hosts" | "vars" | "children" {
  return ["hosts", "vars", "children"].includes(text);
}

function skip(inventory: Inventory, line: number, message: string): Section {
  const remedy = `${SECTIONS} A range of hosts has a name around it: "node[a:f]".`;
  inventory.problems.push({ line, message, remedy });
  return { kind: "skip" };
}

function readLine(inventory: Inventory, section: Section, text: string, line: number): void {
  if (section.kind === "skip") return;
  if (section.kind === "vars") readVariable(inventory, section.group, text, line);
  else if (section.kind === "children") readChild(inventory, section.group, text, line);
  else readHostLine(inventory, section.group, text, line);
}

function readVariable(inventory: Inventory, name: string, text: string, line: number): void {
  const [, key = "", value = ""] = /^([^=]*?)\s*=\s*(.*)$/s.exec(text) ?? [];
  if (key === "") {
    const remedy = "Below [group:vars] every line is key=value.";
    inventory.problems.push({ line, message: "this is not key=value", remedy });
    return;
  }
  const group = addGroup(inventory, name, line);
  const plain = unquote(value);
  if (key === "ansible_group_priority" && /^\d{1,9}$/.test(plain)) group.priority = Number(plain);
  const problem = readSaying(key, plain, line, (saying) => say(group.sayings, saying));
  if (problem !== undefined) inventory.problems.push(problem);
}

/** In a variables section a value is the rest of the line; quotes around the whole of it are not part of it. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*?)\1(?:\s+[#;].*)?$/s.exec(value);
  return quoted?.[2] ?? value.replace(/(?:^|\s+)[#;].*$/s, "");
}

function readChild(inventory: Inventory, parent: string, text: string, line: number): void {
  const [, child = ""] = /^([^\s#;]+)\s*(?:[#;].*)?$/.exec(text) ?? [];
  if (!isLabel(child)) {
    const remedy = "Below [group:children] every line is the name of one group.";
    inventory.problems.push({ line, message: "this is not the name of a group", remedy });
    return;
  }
  if (findGroup(inventory, child, line) === undefined) return;
  const { children } = addGroup(inventory, parent, line);
  children.set(child, children.get(child) ?? line);
}
