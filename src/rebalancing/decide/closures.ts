import { percent } from "../../amounts.ts";
import type { NodeId } from "../../model.ts";
import type { Move } from "../../plan.ts";
import { byName, describeUse, isClosedByUs, scarcest } from "./node-use.ts";
import type { Outlook } from "./outlook.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { Situation } from "./situation.ts";

export type Closing = Omit<Extract<Move, { kind: "cordon" | "uncordon" }>, "id">;

/** Opens what rebalancing has closed and what is clearly cool again, by figures that show what was stopped there. */
export function reopen(
  { cluster, past, atMs }: Situation,
  { hotAbove, hysteresis, settleMs }: RebalancePolicy,
  outlook: Outlook,
): readonly Closing[] {
  const cooled = cluster.nodes.filter(({ spec, ...view }) => {
    const use = outlook.use(spec.id);
    const isSettled = past.moves.every(
      ({ node, atMs: movedMs }) => node !== spec.id || atMs - movedMs >= settleMs,
    );
    return isClosedByUs({ spec, ...view }) && isSettled && use && scarcest(use) < hotAbove - hysteresis;
  });
  return byName(cooled).map(({ spec: { id: node } }) => {
    outlook.setOpen(node, true);
    return { kind: "uncordon", node, reasons: [`no longer hot: ${useWords(outlook, node)}`] };
  });
}

/** Closes what is hot, the hottest first, while those left open have room for whoever comes. */
export function closeHot(
  { cluster }: Situation,
  { hotAbove, hysteresis }: RebalancePolicy,
  outlook: Outlook,
): readonly Closing[] {
  const hot = byName(cluster.nodes)
    .filter(({ spec, closure }) => closure === undefined && outlook.standing(spec.id) === "hot")
    .sort((a, b) => useIn(outlook, b.spec.id) - useIn(outlook, a.spec.id));
  return hot.flatMap(({ spec: { id: node } }): readonly Closing[] => {
    const open = outlook.open();
    const others = open.filter((each) => each !== node).map((each) => useIn(outlook, each));
    const meanUse = others.reduce((sum, use) => sum + use, 0) / others.length;
    if (!open.includes(node) || !(meanUse < hotAbove - hysteresis)) return [];
    const reason = `hot: ${useWords(outlook, node)}, ${percent(outlook.meanUse())} on average`;
    outlook.setOpen(node, false);
    return [{ kind: "cordon", node, reasons: [reason] }];
  });
}

function useIn(outlook: Outlook, node: NodeId): number {
  const use = outlook.use(node);
  return use === undefined ? 0 : scarcest(use);
}

function useWords(outlook: Outlook, node: NodeId): string {
  const use = outlook.use(node);
  return use === undefined ? "its use is not known" : describeUse(use);
}
