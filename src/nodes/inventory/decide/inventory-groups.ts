import { fieldsOf } from "./inventory-sayings.ts";
import type { HostsProblem } from "./inventory-sayings.ts";
import { IMPLICIT_GROUPS } from "./inventory.ts";
import type { Inventory, InventoryGroup, InventoryHost } from "./inventory.ts";
import { closest } from "./node-keys.ts";
import type { NodeFields } from "./node-keys.ts";

/** The groups of an inventory, each with how deep it lies and every group above it. */
export interface GroupTree {
  readonly places: ReadonlyMap<string, GroupPlace>;
  readonly problems: readonly HostsProblem[];
}

interface GroupPlace {
  readonly group: InventoryGroup;
  readonly depth: number;
  readonly ancestors: ReadonlySet<string>;
}

/** Puts every group below its parents; groups nobody listed and groups within themselves are problems. */
export function arrangeGroups({ groups }: Inventory): GroupTree {
  const parents = parentsOf(groups);
  const places = new Map<string, GroupPlace>();
  const waiting = new Map([...groups].map(([name]) => [name, parents.get(name)?.size ?? 0]));
  const ready = [...groups.values()].filter(({ name }) => waiting.get(name) === 0);
  for (let group = ready.pop(); group !== undefined; group = ready.pop()) {
    places.set(group.name, placeOf(group, parents.get(group.name) ?? new Set(), places));
    for (const child of group.children.keys()) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      const next = left === 0 ? groups.get(child) : undefined;
      if (next !== undefined) ready.push(next);
    }
  }
  return { places, problems: [...unlisted(groups), ...circles(groups, places)] };
}

/** What a host's groups and its own lines say of it: host over child over parent over all, as Ansible has it. */
export function resolveFields(host: InventoryHost, { places }: GroupTree): NodeFields {
  const above = [...groupsAbove(host, places)]
    .flatMap((name) => places.get(name) ?? [])
    .sort(
      (a, b) =>
        a.depth - b.depth || a.group.priority - b.group.priority || compare(a.group.name, b.group.name),
    );
  const layers = [...above.map(({ group }) => fieldsOf(group.sayings)), fieldsOf(host.sayings)];
  return Object.assign({}, ...layers) as NodeFields;
}

/** The labels a host has by its groups. */
export function groupLabels(host: InventoryHost, { places }: GroupTree): readonly string[] {
  return [...groupsAbove(host, places)].filter((name) => !IMPLICIT_GROUPS.includes(name));
}

function groupsAbove(host: InventoryHost, places: ReadonlyMap<string, GroupPlace>): ReadonlySet<string> {
  const names = new Set(["all", ...host.groups]);
  for (const name of host.groups) {
    for (const ancestor of places.get(name)?.ancestors ?? []) names.add(ancestor);
  }
  return names;
}

function parentsOf(groups: ReadonlyMap<string, InventoryGroup>): ReadonlyMap<string, Set<string>> {
  const parents = new Map<string, Set<string>>();
  for (const group of groups.values()) {
    for (const child of group.children.keys()) {
      parents.set(child, (parents.get(child) ?? new Set()).add(group.name));
    }
  }
  return parents;
}

function placeOf(
  group: InventoryGroup,
  parents: ReadonlySet<string>,
  places: ReadonlyMap<string, GroupPlace>,
): GroupPlace {
  const above = [...parents].flatMap((name) => places.get(name) ?? []);
  const ancestors = new Set([...parents, ...above.flatMap((place) => [...place.ancestors])]);
  if (group.name === "all") return { group, depth: 0, ancestors };
  return { group, depth: 1 + Math.max(0, ...above.map(({ depth }) => depth)), ancestors };
}

function unlisted(groups: ReadonlyMap<string, InventoryGroup>): readonly HostsProblem[] {
  const listed = [...groups.values()].filter(({ isDeclared }) => isDeclared).map(({ name }) => name);
  return [...groups.values()]
    .filter(({ isDeclared }) => !isDeclared)
    .map(({ name, line }) => {
      const guess = closest(name, listed);
      const remedy =
        guess === undefined ? `List its hosts below [${name}], or remove it.` : `Did you mean "${guess}"?`;
      return { line, message: `no section lists the group "${name}"`, remedy };
    });
}

function circles(
  groups: ReadonlyMap<string, InventoryGroup>,
  places: ReadonlyMap<string, GroupPlace>,
): readonly HostsProblem[] {
  const stuck = [...groups.values()].filter(({ name }) => !places.has(name));
  const [first] = stuck;
  if (first === undefined) return [];
  const names = stuck.slice(0, 5).map(({ name }) => `"${name}"`);
  const line = Math.min(first.line, ...stuck.flatMap(({ children }) => [...children.values()]));
  return [
    {
      line,
      message: `groups are within themselves: ${names.join(", ")}${stuck.length > 5 ? ", ..." : ""}`,
      remedy: "Take one of the [group:children] lines out.",
    },
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
