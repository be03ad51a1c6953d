import type { NodeId, NodeView } from "../../model.ts";
import type { NodeUse } from "../../plan.ts";
import { scarcest, useOf, whyNotCounted, type Use } from "./node-use.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { Situation } from "./situation.ts";
import { fieldOf, shareOf, standingOf } from "./standing.ts";

/** The nodes as they are expected to be: a plan is drawn on it, move by move. */
export interface Outlook {
  /** Absent: not known. */
  use(node: NodeId): Use | undefined;
  standing(node: NodeId): NodeUse["standing"];
  /** Of the nodes that are compared. */
  meanUse(): number;
  /** Nodes that are compared and take new servers. */
  open(): readonly NodeId[];
  setOpen(node: NodeId, isOpen: boolean): void;
  /** Where an owner is likely to go next; `undefined`: there is no node that this would not harm. */
  targetFor(memoryBytes: number, from: NodeId): NodeId | undefined;
  /** A server ends, and its owner's next one starts on the target, if there is one. */
  stop(memoryBytes: number, from: NodeId, target?: NodeId): void;
}

interface Gauge {
  readonly id: NodeId;
  readonly weight: number;
  /** At the last run, or when this plan was begun. */
  wasHot: boolean;
  readonly isCounted: boolean;
  readonly maxServers: number;
  readonly load: number;
  readonly totalBytes: number;
  /** Held for starts, and expected of new servers. */
  readonly comingBytes: number;
  usedBytes: number;
  servers: number;
  isOpen: boolean;
}

export function createOutlook(situation: Situation, policy: RebalancePolicy): Outlook {
  const gauges = new Map<NodeId, Gauge>();
  for (const view of situation.cluster.nodes) {
    const gauge = createGauge(view, situation, policy);
    if (gauge !== undefined) gauges.set(gauge.id, gauge);
  }
  const counted = [...gauges.values()]
    .filter((each) => each.isCounted)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  let field = fieldOf(counted.map(compared));
  for (const gauge of counted) gauge.wasHot = standingOf(compared(gauge), field, policy) === "hot";

  function isRoomy(target: Gauge, memoryBytes: number): boolean {
    const use = scarcest(useWith(target, target.comingBytes + memoryBytes));
    return use < policy.hotAbove - policy.hysteresis && target.servers < target.maxServers;
  }

  function shareWith(gauge: Gauge, memoryBytes: number): number {
    return shareOf({ use: scarcest(useWith(gauge, memoryBytes)), weight: gauge.weight }, field);
  }

  return {
    use(node) {
      const gauge = gauges.get(node);
      return gauge && useWith(gauge, 0);
    },
    standing(node) {
      const gauge = gauges.get(node);
      return gauge?.isCounted ? standingOf(compared(gauge), field, policy) : "not counted";
    },
    meanUse: () => field.meanUse,
    open: () => counted.filter(({ isOpen }) => isOpen).map(({ id }) => id),
    setOpen(node, isOpen) {
      const gauge = gauges.get(node);
      if (gauge !== undefined) gauge.isOpen = isOpen;
    },
    targetFor(memoryBytes, from) {
      const source = gauges.get(from);
      const limit = source?.isCounted ? shareWith(source, -memoryBytes) : Infinity;
      const targets = counted
        .filter((each) => each.isOpen && each.id !== from && isRoomy(each, memoryBytes))
        .map((each) => ({ id: each.id, share: shareWith(each, each.comingBytes + memoryBytes) }))
        .filter(({ share }) => share < limit);
      return targets.sort((a, b) => a.share - b.share)[0]?.id;
    },
    stop(memoryBytes, from, target) {
      add(gauges.get(from), -memoryBytes, -1);
      if (target !== undefined) add(gauges.get(target), memoryBytes, 1);
      field = fieldOf(counted.map(compared));
    },
  };
}

function createGauge(view: NodeView, { past, atMs }: Situation, policy: RebalancePolicy): Gauge | undefined {
  const { load: sample, reservations, growing, spec, listedServers } = view;
  if (view.state !== "up" || sample === undefined) return undefined;
  if (atMs - sample.takenAtMs > policy.maxSampleAgeMs) return undefined;
  const coming = [...reservations, ...growing];
  return {
    id: spec.id,
    weight: spec.weight,
    wasHot: past.hot.includes(spec.id),
    isCounted: whyNotCounted(view, policy.maxSampleAgeMs, atMs) === undefined,
    maxServers: spec.maxServers ?? Infinity,
    load: useOf(sample).load,
    totalBytes: sample.memoryTotalBytes,
    comingBytes: coming.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    usedBytes: sample.memoryTotalBytes - sample.memoryAvailableBytes,
    servers: (listedServers ?? sample.servers) + reservations.length,
    isOpen: view.closure === undefined,
  };
}

function useWith({ usedBytes, totalBytes, load }: Gauge, memoryBytes: number): Use {
  return { memory: Math.max(0, usedBytes + memoryBytes) / totalBytes, load };
}

function compared(gauge: Gauge) {
  return { use: scarcest(useWith(gauge, 0)), weight: gauge.weight, wasHot: gauge.wasHot };
}

function add(gauge: Gauge | undefined, memoryBytes: number, servers: number): void {
  if (gauge === undefined) return;
  gauge.usedBytes = Math.max(0, gauge.usedBytes + memoryBytes);
  gauge.servers = Math.max(0, gauge.servers + servers);
}
