import { percent, span } from "../../amounts.ts";
import type { LoadSample, NodeView } from "../../model.ts";
import { REBALANCING } from "../../plan.ts";

/** How much of a node is in use, as shares; load above 1 where more wants to compute than there are cores. */
export interface Use {
  readonly memory: number;
  readonly load: number;
}

/** Why a node is not compared with the others, in words; `undefined` if it is. */
export function whyNotCounted(view: NodeView, maxSampleAgeMs: number, atMs: number): string | undefined {
  const { state, detail, load, closure, spec } = view;
  if (state === "down") return detail === "" ? "down" : `down: ${detail}`;
  if (state === "unknown" || load === undefined) return detail === "" ? "not heard from yet" : detail;
  const ageMs = atMs - load.takenAtMs;
  if (ageMs > maxSampleAgeMs) return `its load was last reported ${span(ageMs)} ago`;
  if (closure !== undefined && !isClosedByUs(view)) return closure.words;
  return spec.places === "jobs" ? "its servers are jobs on other machines" : undefined;
}

/** Rebalancing has cordoned it, and nobody has said more since. */
export function isClosedByUs({ closure }: NodeView): boolean {
  return closure?.state === "cordoned" && closure.order?.by === REBALANCING;
}

/** It is to become empty, and is not yet. */
export function isDraining({ closure }: NodeView): boolean {
  return closure?.state === "draining";
}

/** Nodes in an order that does not depend on how they were found. */
export function byName(nodes: readonly NodeView[]): readonly NodeView[] {
  return [...nodes].sort((a, b) => (a.spec.id < b.spec.id ? -1 : 1));
}

export function useOf(sample: LoadSample): Use {
  const usedBytes = sample.memoryTotalBytes - sample.memoryAvailableBytes;
  return { memory: usedBytes / sample.memoryTotalBytes, load: sample.load1 / sample.cores };
}

export function scarcest({ memory, load }: Use): number {
  return Math.max(memory, load);
}

/** "memory 91 % used", or the load where that is scarcer. */
export function describeUse({ memory, load }: Use): string {
  return memory >= load ? `memory ${percent(memory)} used` : `load ${percent(load)} of its cores`;
}
