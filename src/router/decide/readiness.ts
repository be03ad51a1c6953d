import type { ClusterSnapshot, NodeId } from "../../model.ts";
import type { ReadyPart } from "./cluster-source.ts";

/** Ready means: somebody who comes now can sign in, and some node can take them. */
export function readyParts(
  { nodes }: ClusterSnapshot,
  lobbies: readonly { readonly node: NodeId; readonly isReady: boolean }[],
): readonly ReadyPart[] {
  const up = nodes.filter(({ state }) => state === "up").length;
  const lobby = lobbies.find(({ isReady }) => isReady);
  const names = lobbies.map(({ node }) => node).join(", ");
  return [
    { name: "lobby", isReady: lobby !== undefined, detail: lobby?.node ?? `no hub is ready on ${names}` },
    { name: "nodes", isReady: up > 0, detail: `${up} of ${nodes.length} are up` },
  ];
}
