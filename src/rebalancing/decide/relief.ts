import { percent, size, span } from "../../amounts.ts";
import type { NodeId, NodeView } from "../../model.ts";
import { duplicatesOf } from "./duplicates.ts";
import type { Idle } from "./idleness.ts";
import { byName, describeUse, isDraining } from "./node-use.ts";
import type { Outlook } from "./outlook.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { RunningServer, Situation } from "./situation.ts";
import type { StopList, Purpose } from "./stop-list.ts";
import { byKey } from "./verdicts.ts";

/** What stops are drawn from and on. */
export interface Draft {
  readonly situation: Situation;
  readonly policy: RebalancePolicy;
  readonly outlook: Outlook;
  readonly list: StopList;
}

/** Lists stops until none helps any more: what ends on one node can show that another one stands out. */
export function listStops(draft: Draft): void {
  const { cluster } = draft.situation;
  const nodes = byName(cluster.nodes);
  for (let before = -1; before < draft.list.stops.length;) {
    before = draft.list.stops.length;
    for (const view of nodes.filter(isDraining)) emptyNode(view, draft);
    for (const view of nodes) if (draft.outlook.standing(view.spec.id) === "hot") coolNode(view, draft);
    endDuplicates(draft);
    cull(draft);
  }
}

/** The servers of a node, in an order of their own. */
function serversOn(node: NodeId, { servers }: Situation): readonly RunningServer[] {
  return servers.filter((server) => server.node === node).sort(byKey);
}

function emptyNode({ spec, closure }: NodeView, { situation, list }: Draft): void {
  const reason = `${spec.id} is to become empty: ${closure?.words ?? ""}`;
  list.add(serversOn(spec.id, situation), {
    why: "draining-node",
    reason,
    isRelief: true,
    isEnough: () => false,
  });
}

function coolNode(view: NodeView, draft: Draft): void {
  const { situation, outlook, list } = draft;
  const { id } = view.spec;
  const use = outlook.use(id);
  if (use === undefined) return;
  const reason = `${id} is hot: ${describeUse(use)}, ${percent(outlook.meanUse())} on average`;
  list.add(serversOn(id, situation), {
    why: "hot-node",
    reason,
    isRelief: true,
    isEnough: () => outlook.standing(id) !== "hot",
    objection: (idle) => whyNoRelief(view, idle, draft),
  });
}

/** Idle servers hold memory and nothing else. */
function whyNoRelief(
  { spec, load }: NodeView,
  { memoryBytes }: Idle,
  { situation, policy, outlook }: Draft,
): string | undefined {
  const { memory = 0 } = outlook.use(spec.id) ?? {};
  if (memory <= policy.hotAbove - policy.hysteresis)
    return "it takes no processors, which are what is scarce there";
  if (memoryBytes < policy.leastRelief * (load?.memoryTotalBytes ?? 0))
    return `it holds only ${size(memoryBytes)}`;
  const moves = situation.past.moves.filter(({ node }) => node === spec.id);
  const isUnseen = moves.some(({ atMs }) => atMs >= (load?.takenAtMs ?? 0));
  return isUnseen ? `the load of ${spec.id} was last reported before the last stop there` : undefined;
}

function endDuplicates({ situation, outlook, list }: Draft): void {
  for (const { server, other } of duplicatesOf(situation.servers)) {
    if (outlook.use(other.node) === undefined) continue;
    const reason = `its owner has another server of this name on ${other.node}, which is used more`;
    list.add([server], { why: "duplicate", reason, isRelief: false, isEnough: () => false });
  }
}

function cull({ situation, policy, list }: Draft): void {
  const { cullAfterMs } = policy.idle;
  if (cullAfterMs === undefined) return;
  const purpose: Purpose = {
    why: "idle-too-long",
    reason: `servers are kept for ${span(cullAfterMs)} after they were last used`,
    isRelief: false,
    isEnough: () => false,
    objection: ({ sinceMs }) => (situation.atMs - sinceMs < cullAfterMs ? "not for so long" : undefined),
  };
  list.add(situation.servers, purpose);
}
