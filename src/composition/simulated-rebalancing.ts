import { keyText, type Closure, type ClusterSnapshot, type NodeId } from "../model.ts";
import { REBALANCING, type Move, type StopMove, type StopNotice } from "../plan.ts";
import { plan } from "../rebalancing/decide/planner.ts";
import type { RebalancePolicy } from "../rebalancing/decide/policy.ts";
import type { PastMove, RunningServer } from "../rebalancing/decide/situation.ts";

const DAY_MS = 86_400_000;

/** What the router does about servers that run, in mode `act`, by the very planner it goes by. */
export interface SimulatedRebalancing {
  /** Nodes that it has closed. */
  readonly closures: ReadonlyMap<NodeId, Closure>;
  /** The servers to stop now, as `keyText` has them: their owners were told, and did not come. */
  act(cluster: ClusterSnapshot, servers: readonly RunningServer[]): ReadonlySet<string>;
}

export function createSimulatedRebalancing(policy: RebalancePolicy): SimulatedRebalancing {
  const closures = new Map<NodeId, Closure>();
  const kept = new Map<string, number>();
  let notices: readonly StopNotice[] = [];
  let moves: readonly PastMove[] = [];
  let hot: readonly NodeId[] = [];

  function decide(cluster: ClusterSnapshot, servers: readonly RunningServer[]): readonly Move[] {
    const atMs = cluster.takenAtMs;
    moves = moves.filter((move) => atMs - move.atMs < DAY_MS);
    const past = { moves, hot };
    const how = { atMs, mode: "act", trigger: "schedule", hubs: [], kept } as const;
    const made = plan({ ...how, cluster, servers, notices, past }, policy, "simulated");
    hot = made.nodes.filter(({ standing }) => standing === "hot").map(({ node }) => node);
    return made.moves;
  }

  return {
    closures,
    act(cluster, servers) {
      const atMs = cluster.takenAtMs;
      const made = decide(cluster, servers);
      for (const { kind, node } of made) {
        if (kind === "cordon") closures.set(node, closedAt(atMs));
        if (kind === "uncordon") closures.delete(node);
      }
      const stops = made.filter((move) => move.kind === "stop-server");
      const due = stops.filter(({ notBeforeMs }) => notBeforeMs <= atMs);
      moves = [...moves, ...due.map(({ key, node }) => ({ key, node, atMs }))];
      notices = stops.filter((stop) => !due.includes(stop)).map((stop) => noticeOf(stop, policy));
      return new Set(due.map(({ key }) => keyText(key)));
    },
  };
}

function closedAt(atMs: number): Closure {
  const order = { kind: "cordon", by: REBALANCING, atMs } as const;
  return { state: "cordoned", words: `cordoned by ${REBALANCING}`, order };
}

/** The same as at the last run, for an owner who was told then. */
function noticeOf({ key, node, why, notBeforeMs }: StopMove, policy: RebalancePolicy): StopNotice {
  return { key, node, why, words: "", sinceMs: notBeforeMs - policy.graceMs, notBeforeMs };
}
