import { createLoop } from "../../lifecycle.ts";
import type { NodeId, NodeView } from "../../model.ts";
import type { Clock, Service } from "../../ports.ts";
import { behindWords, type HubComparison, isRoutine, rolloutOrder } from "./decide/rollout.ts";
import { createHubRoller, type HubRollerDeps } from "./hub-roller.ts";
import type { HubUpgrade } from "./hub-upgrade.ts";

export interface HubRolloutDeps extends HubRollerDeps {
  readonly upgrade: HubUpgrade;
  readonly lobbies: () => readonly NodeId[];
  /** Whether this router acts for all. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
}

export interface HubRolloutOptions {
  readonly everyMs: number;
  /** Whether hubs are started anew by themselves when their configuration has changed. */
  readonly isAutomatic: boolean;
  /** How long after a hub that did not come up again the next attempt is made, anywhere. */
  readonly pauseMs: number;
  readonly nodeMs: number;
}

export interface HubRollout extends Service {
  /** What the hub of a node is behind with, in words for an admin. */
  warnings(node: NodeId): readonly string[];
}

/**
 * Looks which hubs run otherwise than they would be started now, and starts them anew, one after the other, where only
 * their configuration has changed and no server is being started. One that does not come up again ends the round.
 */
export function createHubRollout(deps: HubRolloutDeps, options: HubRolloutOptions): HubRollout {
  const { upgrade, cluster, clock, log } = deps;
  const roll = createHubRoller(deps);
  const behind = new Map<NodeId, HubComparison>();
  let pausedUntilMs = 0;

  async function round(signal: AbortSignal): Promise<void> {
    const nodes = rolloutOrder(readyNodes(), deps.lobbies());
    for (const node of behind.keys()) if (!nodes.includes(node)) behind.delete(node);
    for (const node of nodes) {
      const isDue = await compare(node, signal);
      const mayRoll = options.isAutomatic && deps.isLeader() && clock.now() >= pausedUntilMs;
      const rolled = isDue && mayRoll ? await roll(node, signal) : "not now";
      if (rolled === "rolled") behind.delete(node);
      if (rolled === "failed") return void (pausedUntilMs = clock.now() + options.pauseMs);
    }
  }

  function readyNodes(): NodeId[] {
    return cluster
      .snapshot()
      .nodes.filter(isReady)
      .map(({ spec }) => spec.id);
  }

  async function compare(node: NodeId, signal: AbortSignal): Promise<boolean> {
    try {
      const limit = AbortSignal.any([signal, clock.deadline(options.nodeMs)]);
      const comparison = await upgrade.compare(node, limit);
      if (comparison.changes.length === 0) behind.delete(node);
      else behind.set(node, comparison);
      return isRoutine(comparison);
    } catch (err) {
      signal.throwIfAborted();
      log.debug({ err, node }, "hub was not compared");
      return false;
    }
  }

  return {
    warnings(node) {
      const comparison = behind.get(node);
      return comparison === undefined ? [] : [behindWords(node, comparison)];
    },
    ...createLoop("hub rollout", options.everyMs, round, { clock, log }),
  };
}

function isReady({ state, hub }: NodeView): boolean {
  return state === "up" && hub?.state === "ready";
}
