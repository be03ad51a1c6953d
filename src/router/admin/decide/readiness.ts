import type { HomeCounts } from "../../../home-model.ts";
import type { ClusterSnapshot, NodeId } from "../../../model.ts";
import type { ReadyPart } from "./cluster-source.ts";

/** Ready means: somebody who comes now can sign in, and some node can take them; not having the cache only degrades. */
export function readyParts(
  { nodes }: ClusterSnapshot,
  lobbies: readonly { readonly node: NodeId; readonly isReady: boolean }[],
  isCacheUp: boolean,
  homes: HomeCounts,
): readonly ReadyPart[] {
  const up = nodes.filter(({ state }) => state === "up").length;
  const lobby = lobbies.find(({ isReady }) => isReady);
  const names = lobbies.map(({ node }) => node).join(", ");
  return [
    { name: "lobby", isReady: lobby !== undefined, detail: lobby?.node ?? `no hub is ready on ${names}` },
    { name: "nodes", isReady: up > 0, detail: `${up} of ${nodes.length} are up` },
    {
      name: "cache",
      isReady: isCacheUp,
      isDispensable: true,
      detail: isCacheUp ? "it answers" : "it does not answer: this router goes on alone",
    },
    {
      name: "homes",
      isReady: homes.read > 0 || homes.unreadable === 0,
      isDispensable: true,
      detail: `${homes.read} are read, ${homes.unreadable} cannot be read; ${homes.serversWithoutRecord} servers have left no record`,
    },
  ];
}

/** "degraded": something is missing that the router can do without. */
export function readinessStatus(parts: readonly ReadyPart[]): "ready" | "degraded" | "not ready" {
  const missing = parts.filter(({ isReady }) => !isReady);
  if (missing.length === 0) return "ready";
  return missing.every(({ isDispensable }) => isDispensable) ? "degraded" : "not ready";
}
