import type { NodeUse } from "../../plan.ts";
import type { RebalancePolicy } from "./policy.ts";

/** One node among those that are compared. */
export interface Compared {
  /** Of its scarcest resource. */
  readonly use: number;
  readonly weight: number;
  readonly wasHot: boolean;
}

type Standing = Exclude<NodeUse["standing"], "not counted">;

/** What all compared nodes have in common. */
export interface Field {
  readonly meanUse: number;
  readonly meanWeight: number;
}

export function fieldOf(nodes: readonly Compared[]): Field {
  const meanWeight = mean(nodes.map(({ weight }) => weight));
  return { meanWeight, meanUse: mean(nodes.map((node) => shareOf(node, { meanWeight }))) };
}

/** A node's use for comparison: one of twice the weight is to carry twice as much. */
export function shareOf(
  { use, weight }: Pick<Compared, "use" | "weight">,
  field: Pick<Field, "meanWeight">,
): number {
  return (use * field.meanWeight) / weight;
}

/**
 * A node is hot or cold by its own figure and by that of the others: where all are full, moving people helps nobody.
 * What was hot stays so until it is clearly not.
 */
export function standingOf(node: Compared, field: Field, policy: RebalancePolicy): Standing {
  const { hotAbove, coldBelow, awayFromMean, hysteresis } = policy;
  const above = shareOf(node, field) - field.meanUse;
  const slack = node.wasHot ? hysteresis : 0;
  if (node.use > hotAbove - slack && above > Math.max(0, awayFromMean - slack)) return "hot";
  return node.use < coldBelow && -above > awayFromMean ? "cold" : "level";
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / Math.max(1, numbers.length);
}
