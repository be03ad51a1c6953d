import { noSayings } from "./inventory-sayings.ts";
import type { HostsProblem, Sayings } from "./inventory-sayings.ts";

export interface InventoryHost {
  readonly name: string;
  /** Where it was first listed. */
  readonly line: number;
  readonly groups: Set<string>;
  readonly sayings: Sayings;
}

export interface InventoryGroup {
  readonly name: string;
  readonly line: number;
  /** Listed by `[group]` or `[group:children]`; naming it elsewhere is not enough. */
  isDeclared: boolean;
  /** Child groups, with the line that says so. */
  readonly children: Map<string, number>;
  readonly sayings: Sayings;
  priority: number;
}

/** An inventory while it is read: what its lines say, nothing resolved yet. */
export interface Inventory {
  readonly hosts: Map<string, InventoryHost>;
  readonly groups: Map<string, InventoryGroup>;
  readonly problems: HostsProblem[];
}

/** The most hosts, and the most groups, a file may name. */
export const INVENTORY_LIMIT = 1000;

/** Groups every inventory has; they are no labels. */
export const IMPLICIT_GROUPS: readonly string[] = ["all", "ungrouped"];

/** An inventory that says nothing yet. */
export function emptyInventory(): Inventory {
  const inventory: Inventory = { hosts: new Map(), groups: new Map(), problems: [] };
  for (const name of IMPLICIT_GROUPS) addGroup(inventory, name, 0).isDeclared = true;
  return inventory;
}

/** The group of that name, made on its first mention. */
export function addGroup(inventory: Inventory, name: string, line: number): InventoryGroup {
  const known = inventory.groups.get(name);
  if (known !== undefined) return known;
  const group: InventoryGroup = {
    name,
    line,
    isDeclared: false,
    children: new Map(),
    sayings: noSayings(),
    priority: 1,
  };
  inventory.groups.set(name, group);
  return group;
}

/** The host of that name as a member of `group`; the same host of several groups is one host. */
export function addHost(inventory: Inventory, name: string, group: string, line: number): InventoryHost {
  const host = inventory.hosts.get(name) ?? { name, line, groups: new Set(), sayings: noSayings() };
  inventory.hosts.set(name, host);
  host.groups.add(group);
  return host;
}

/** The group of that name, or a problem when there are too many groups. */
export function findGroup(inventory: Inventory, name: string, line: number): InventoryGroup | undefined {
  if (inventory.groups.has(name) || inventory.groups.size < INVENTORY_LIMIT)
    return addGroup(inventory, name, line);
  tooMany(inventory, "groups", line);
  return undefined;
}

/** One problem, however often the limit is passed. */
export function tooMany(inventory: Inventory, what: string, line: number): void {
  const message = `the file names more than ${INVENTORY_LIMIT} ${what}`;
  if (inventory.problems.some((problem) => problem.message === message)) return;
  inventory.problems.push({ line, message, remedy: "Serve so many machines with several routers." });
}
