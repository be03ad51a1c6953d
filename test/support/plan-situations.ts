import type { Closure, LoadSample, NodeId, NodeView } from "../../src/model.ts";
import { REBALANCING, type Plan, type StopNotice } from "../../src/plan.ts";
import type { RebalancePolicy } from "../../src/rebalancing/decide/policy.ts";
import { type Activity, type RunningServer, type Situation } from "../../src/rebalancing/decide/situation.ts";
import { GIB, nodeView, serverKey } from "./node-views.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** When the plans of tests are made. */
export const NOW = 1000 * HOUR;

/** What the configuration says where a site says nothing: test/rebalance-config.test.ts holds them together. */
export const DEFAULT_POLICY: RebalancePolicy = {
  hotAbove: 0.85,
  coldBelow: 0.5,
  awayFromMean: 0.1,
  hysteresis: 0.1,
  leastRelief: 0.005,
  caps: { perNode: 3, perRun: 10, perUserPerDay: 1 },
  idle: { afterMs: HOUR },
  restMs: HOUR,
  settleMs: 10 * MINUTE,
  graceMs: 15 * MINUTE,
  staleAfterMs: 3 * MINUTE,
  maxSampleAgeMs: 15_000,
  warmHubs: true,
};

/** What a site that also culls goes by. */
export const policy: RebalancePolicy = {
  ...DEFAULT_POLICY,
  idle: { afterMs: HOUR, ignoreTabsAfterMs: 48 * HOUR, cullAfterMs: 72 * HOUR },
  emptyHubAfterMs: HOUR,
};

/** A node of 100 GiB and 10 cores, so that one GiB is one per cent. */
export function nodeAt(
  id: string,
  percentUsed: number,
  over: Partial<LoadSample> = {},
  closure?: Closure,
): NodeView {
  const load = {
    takenAtMs: NOW - 2000,
    cores: 10,
    memoryTotalBytes: 100 * GIB,
    memoryAvailableBytes: (100 - percentUsed) * GIB,
    ...over,
  };
  return nodeView(id, { load, ...(closure && { closure }) });
}

export function cordonedBy(by: string): Closure {
  const order = { kind: "cordon", by, atMs: NOW - HOUR } as const;
  return { state: "cordoned", words: `cordoned by ${by}`, order };
}

export const cordonedByUs = cordonedBy(REBALANCING);

export const draining: Closure = {
  state: "draining",
  words: "draining, asked by alice",
  order: { kind: "drain", by: "alice", atMs: NOW - HOUR },
};

/** A server of 5 GiB that has been idle for five hours, unless said otherwise. */
export function server(
  user: string,
  node: string,
  {
    activity = {},
    ...over
  }: Omit<Partial<RunningServer>, "activity"> & { readonly activity?: Partial<Activity> } = {},
): RunningServer {
  return {
    key: serverKey(user),
    node: node as NodeId,
    startedAtMs: NOW - 100 * HOUR,
    process: { pid: 4242, startTicks: 77, bootId: "boot" },
    activity: {
      saidAtMs: NOW - 10_000,
      idleSinceMs: NOW - 5 * HOUR,
      idleButTabsSinceMs: NOW - 5 * HOUR,
      memoryBytes: 5 * GIB,
      ...activity,
    },
    ...over,
  };
}

/** A server in use. */
export function busyServer(user: string, node: string, busyWith = "a kernel is busy"): RunningServer {
  const activity = { saidAtMs: NOW - 10_000, memoryBytes: 5 * GIB, busyWith };
  return { ...server(user, node), activity };
}

/** A server without the record. */
export function silentServer(user: string, node: string): RunningServer {
  const { key, process } = server(user, node);
  return { key, node: node as NodeId, ...(process && { process }) };
}

export function situation(
  nodes: readonly NodeView[],
  servers: readonly RunningServer[] = [],
  over: Partial<Situation> = {},
): Situation {
  return {
    atMs: NOW,
    mode: "report",
    trigger: "schedule",
    cluster: { takenAtMs: NOW, nodes },
    servers,
    hubs: [],
    past: { moves: [], hot: [] },
    kept: new Map(),
    notices: [],
    ...over,
  };
}

export function notice(user: string, node: string, sinceMs: number): StopNotice {
  return {
    key: serverKey(user),
    node: node as NodeId,
    why: "hot-node",
    words: "",
    sinceMs,
    notBeforeMs: sinceMs + policy.graceMs,
  };
}

/** "cordon node1", "stop alice on node1 (hot-node)": moves without their words. */
export function brief(plan: Plan): readonly string[] {
  return plan.moves.map((move) =>
    move.kind === "stop-server"
      ? `stop ${move.key.user} on ${move.node} (${move.why})`
      : `${move.kind} ${move.node}`,
  );
}
