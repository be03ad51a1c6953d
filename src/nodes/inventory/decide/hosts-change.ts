import type { NodeSpec } from "../../../model.ts";

/** The difference between two readings of the hosts file. */
export interface HostsChange {
  readonly added: readonly NodeSpec[];
  /** As they are now. */
  readonly changed: readonly NodeSpec[];
  /** Those of the changed that are reached in another way now. */
  readonly moved: readonly NodeSpec[];
  /** As they were. */
  readonly removed: readonly NodeSpec[];
}

/** What is different; undefined when nothing but, at most, the order is. */
export function compareHosts(
  before: readonly NodeSpec[],
  after: readonly NodeSpec[],
): HostsChange | undefined {
  const old = new Map(before.map((spec) => [spec.id, spec]));
  const present = new Set(after.map(({ id }) => id));
  const added = after.filter(({ id }) => !old.has(id));
  const changed = after.filter((spec) => old.has(spec.id) && textOf(spec) !== textOf(old.get(spec.id)));
  const moved = changed.filter((spec) => wayTo(spec) !== wayTo(old.get(spec.id)));
  const removed = before.filter(({ id }) => !present.has(id));
  return added.length + changed.length + removed.length === 0
    ? undefined
    : { added, changed, moved, removed };
}

function textOf(spec: NodeSpec | undefined): string {
  return JSON.stringify(Object.entries(spec ?? {}).sort());
}

function wayTo(spec: NodeSpec | undefined): string {
  return JSON.stringify([spec?.address, spec?.sshPort, spec?.sshUser, spec?.become]);
}
