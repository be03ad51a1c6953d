import { createLoop } from "../../lifecycle.ts";
import type { LoadHistory, LoadPoint } from "../../load-history.ts";
import type { ClusterSnapshot, LoadSample, NodeView } from "../../model.ts";
import type { Clock, Log, Service } from "../../ports.ts";

export interface LoadHistoryDeps {
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly clock: Clock;
  readonly log: Log;
}

export interface LoadHistoryOptions {
  readonly everyMs: number;
  /** Points of a node that are kept. */
  readonly keepMost: number;
}

/** Takes a point of every node from time to time, in memory: with the router it is gone. */
export function createLoadHistory(
  { cluster, clock, log }: LoadHistoryDeps,
  { everyMs, keepMost }: LoadHistoryOptions,
): LoadHistory & Service {
  let points = new Map<string, readonly LoadPoint[]>();

  function grown({ spec, load }: NodeView, nowMs: number): readonly LoadPoint[] {
    const before = points.get(spec.id) ?? [];
    const isNew = load !== undefined && nowMs - load.takenAtMs < everyMs;
    return isNew ? [...before, pointOf(load)].slice(-keepMost) : before;
  }

  function takePoints(): Promise<void> {
    const { takenAtMs, nodes } = cluster.snapshot();
    points = new Map(nodes.map((view) => [view.spec.id, grown(view, takenAtMs)]));
    return Promise.resolve();
  }

  const loop = createLoop("load history", everyMs, takePoints, { clock, log });
  return { ...loop, everyMs, of: (node) => points.get(node) ?? [] };
}

function pointOf(sample: LoadSample): LoadPoint {
  const { takenAtMs, memoryAvailableBytes, memoryTotalBytes, load1, cores, servers } = sample;
  return {
    atMs: takenAtMs,
    memory: 1 - memoryAvailableBytes / memoryTotalBytes,
    load: load1 / cores,
    servers,
  };
}
