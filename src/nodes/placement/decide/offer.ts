import type { ClusterSnapshot, Offer, Placement, ServerKey, Wish } from "../../../model.ts";
import { freeGpus, type GpuMode } from "./gpus.ts";

/** What a placement that would be decided so leaves a server to find. */
export function offerOf(
  placement: Placement,
  { nodes }: ClusterSnapshot,
  key: ServerKey,
  mode: GpuMode = "shared",
): Offer {
  const accepted = placement.verdicts.filter((verdict) => verdict.accepted).length;
  const view = placement.kind === "placed" && nodes.find(({ spec }) => spec.id === placement.node);
  if (!view || view.load === undefined) return { nodes: accepted };
  const { cores, load1, memoryAvailableBytes, gpus = [] } = view.load;
  const heldBytes = view.reservations.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const best = {
    node: view.spec.id,
    freeBytes: Math.max(0, memoryAvailableBytes - heldBytes),
    idleCores: Math.max(0, Math.round(cores - load1)),
    freeGpus: freeGpus(view, key).length,
    gpus: gpus.length,
    areGpusShared: mode === "shared",
  };
  return { nodes: accepted, best };
}

export const NO_WISH: Wish = { labels: [], gpus: 0 };
