import { percent } from "../../amounts.ts";
import type { NodeView } from "../../model.ts";
import type { Move, NodeUse, Plan } from "../../plan.ts";
import { closeHot, reopen } from "./closures.ts";
import { hubMoves } from "./hub-moves.ts";
import { byName, describeUse, isClosedByUs, isDraining, scarcest, whyNotCounted } from "./node-use.ts";
import { whyNothing } from "./nothing.ts";
import { createOutlook, type Outlook } from "./outlook.ts";
import type { RebalancePolicy } from "./policy.ts";
import { listStops } from "./relief.ts";
import type { Situation } from "./situation.ts";
import { createStopList, type Staying } from "./stop-list.ts";

/** Says what is to be done so that the nodes carry their share, and why. The same situation gives the same plan. */
export function plan(situation: Situation, policy: RebalancePolicy, id: string): Plan {
  const { atMs: madeAtMs, mode, trigger } = situation;
  const head = { id, madeAtMs, mode, trigger };
  const before = createOutlook(situation, policy);
  const objection = whyNoPlan(situation, policy);
  if (objection !== undefined) {
    const nodes = describeNodes(situation, policy, before, before);
    return { ...head, nodes, moves: [], leftAlone: [], nothing: objection };
  }
  const { moves, after, staying } = draw(situation, policy);
  const nodes = describeNodes(situation, policy, before, after);
  const leftAlone = staying.map(({ key, node, why, startedAtMs }) => ({
    key,
    node,
    why,
    ...(startedAtMs !== undefined && { startedAtMs }),
  }));
  if (moves.length > 0) return { ...head, nodes, moves, leftAlone };
  const draining = situation.cluster.nodes.filter(isDraining).map(({ spec }) => spec.id);
  return { ...head, nodes, moves, leftAlone, nothing: whyNothing(nodes, staying, draining) };
}

interface Drawing {
  readonly moves: readonly Move[];
  readonly after: Outlook;
  readonly staying: readonly Staying[];
}

/** First what nobody notices, then what disturbs the fewest. */
function draw(situation: Situation, policy: RebalancePolicy): Drawing {
  const outlook = createOutlook(situation, policy);
  const opened = reopen(situation, policy, outlook);
  const closed = closeHot(situation, policy, outlook);
  const list = createStopList(situation, policy, outlook);
  listStops({ situation, policy, outlook, list });
  const closedLater = closeHot(situation, policy, outlook);
  const hubs = hubMoves(situation, policy, list.targets);
  const steps = [...opened, ...closed, ...closedLater, ...list.stops, ...hubs];
  const moves = steps.map((step, index): Move => ({ ...step, id: `${index + 1}` }));
  return { moves, after: outlook, staying: list.staying() };
}

/** Reasons to do nothing at all, in words that begin with a name for it. */
function whyNoPlan(
  { mode, cluster, atMs }: Situation,
  { maxSampleAgeMs }: RebalancePolicy,
): string | undefined {
  if (mode === "off") return "off: rebalancing is switched off";
  const expected = cluster.nodes.filter((view) => view.closure === undefined || isClosedByUs(view));
  const unknown = expected.flatMap((view) => {
    const why = whyNotCounted(view, maxSampleAgeMs, atMs);
    return why === undefined ? [] : [`${view.spec.id}: ${why}`];
  });
  if (cluster.nodes.length > 0 && unknown.length * 2 <= expected.length) return undefined;
  return `too little is known: ${unknown.sort().join("; ") || "there are no nodes"}`;
}

function describeNodes(
  { cluster, atMs }: Situation,
  policy: RebalancePolicy,
  before: Outlook,
  after: Outlook,
): readonly NodeUse[] {
  const nodes = byName(cluster.nodes);
  return nodes.map((view): NodeUse => {
    const node = view.spec.id;
    const standing = before.standing(node);
    const [used, expected] = [before.use(node), after.use(node)];
    const words = whyNotCounted(view, policy.maxSampleAgeMs, atMs) ?? countedWords(view, before);
    const uses = used &&
      expected && { before: thousandths(scarcest(used)), after: thousandths(scarcest(expected)) };
    return { node, standing, words, ...uses };
  });
}

function countedWords(view: NodeView, outlook: Outlook): string {
  const use = outlook.use(view.spec.id);
  const own = use === undefined ? "" : describeUse(use);
  const closed = isClosedByUs(view) ? "; cordoned by rebalancing" : "";
  return `${own}, ${percent(outlook.meanUse())} on average${closed}`;
}

function thousandths(share: number): number {
  return Math.round(share * 1000) / 1000;
}
