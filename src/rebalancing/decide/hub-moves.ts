import { span } from "../../amounts.ts";
import type { NodeId } from "../../model.ts";
import type { Move } from "../../plan.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { HubUse, Situation } from "./situation.ts";

export type HubMove = Omit<Extract<Move, { kind: "warm-hub" | "stop-hub" }>, "id">;

/** Starts hubs where owners are expected, and stops those that nobody has used for long. */
export function hubMoves(
  situation: Situation,
  policy: RebalancePolicy,
  targets: ReadonlySet<NodeId>,
): readonly HubMove[] {
  const hubs = [...situation.hubs].sort((a, b) => (a.node < b.node ? -1 : 1));
  const warm = hubs.filter(({ node, isRunning }) => policy.warmHubs && !isRunning && targets.has(node));
  const empty = hubs.filter((hub) => !targets.has(hub.node) && isLongEmpty(hub, situation, policy));
  return [
    ...empty.map(({ node, emptySinceMs = 0 }): HubMove => {
      const reasons = [`nobody has had a server there for ${span(situation.atMs - emptySinceMs)}`];
      return { kind: "stop-hub", node, reasons };
    }),
    ...warm.map(({ node }): HubMove => {
      const reasons = ["owners of stopped servers are expected there, and its hub does not run"];
      return { kind: "warm-hub", node, reasons };
    }),
  ];
}

function isLongEmpty(
  { node, isRunning, isKept, emptySinceMs }: HubUse,
  { atMs, cluster, servers }: Situation,
  { emptyHubAfterMs = Infinity }: RebalancePolicy,
): boolean {
  if (!isRunning || isKept || emptySinceMs === undefined || atMs - emptySinceMs < emptyHubAfterMs)
    return false;
  const view = cluster.nodes.find(({ spec }) => spec.id === node);
  const isUp = view?.state === "up" && view.reservations.length === 0;
  return isUp && servers.every((server) => server.node !== node);
}
