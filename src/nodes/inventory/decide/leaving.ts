import type { NodeSpec } from "../../../model.ts";

/** The nodes there are: those of the file in its order, then those that left it, which go on as they were known last. */
export function withLeaving(file: readonly NodeSpec[], known: readonly NodeSpec[]): readonly NodeSpec[] {
  const present = new Set(file.map(({ id }) => id));
  const machines = new Set(file.map(machineOf));
  const leaving = known.filter((spec) => !present.has(spec.id) && !machines.has(machineOf(spec)));
  return [...file, ...leaving.map((spec): NodeSpec => ({ ...spec, isLeaving: true }))];
}

/** A node that was renamed is not there twice: its hub lives under the new name. */
function machineOf({ address, sshPort }: NodeSpec): string {
  return `${address.toLowerCase()} port ${sshPort}`;
}
