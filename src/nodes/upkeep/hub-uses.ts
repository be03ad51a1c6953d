import type { NodeId, NodeView } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { type HubUse, whyInUse } from "./decide/hub-use.ts";

export interface HubUsesDeps {
  readonly cluster: Pick<Cluster, "snapshot" | "listed">;
  /** Lobbies, and hubs that are kept warm. */
  readonly kept: () => readonly NodeId[];
  readonly clock: Clock;
}

/** Since when nobody has used which hub. */
export interface HubUses {
  /** Takes notice of how it is now; to be called from time to time. */
  look(): void;
  readonly all: () => readonly HubUse[];
  /** Counts anew. */
  forget(node: NodeId): void;
  /** What keeps a hub from being stopped now, in words. */
  whyKept(node: NodeId): string | undefined;
}

export function createHubUses({ cluster, kept, clock }: HubUsesDeps): HubUses {
  const emptySince = new Map<NodeId, number>();

  function note(view: NodeView): void {
    const { id } = view.spec;
    if (view.hub?.state !== "ready" || whyInUse(view, listed(id)) !== undefined) emptySince.delete(id);
    else if (!emptySince.has(id)) emptySince.set(id, clock.now());
  }

  function listed(node: NodeId): number | undefined {
    return cluster.listed(node)?.length;
  }

  return {
    look() {
      const { nodes } = cluster.snapshot();
      for (const node of emptySince.keys())
        if (!nodes.some(({ spec }) => spec.id === node)) emptySince.delete(node);
      nodes.forEach(note);
    },
    all() {
      const keptNodes = kept();
      return cluster.snapshot().nodes.map(({ spec: { id: node }, hub }) => {
        const use = { node, isRunning: hub?.state === "ready", isKept: keptNodes.includes(node) };
        const emptySinceMs = emptySince.get(node);
        return emptySinceMs === undefined ? use : { ...use, emptySinceMs };
      });
    },
    forget(node) {
      emptySince.delete(node);
    },
    whyKept(node) {
      const view = cluster.snapshot().nodes.find(({ spec }) => spec.id === node);
      if (view === undefined) return "its node is gone";
      return whyInUse(view, listed(node)) ?? (kept().includes(node) ? "it is kept warm" : undefined);
    },
  };
}
