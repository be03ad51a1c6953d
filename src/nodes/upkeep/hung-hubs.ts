import { createLoop, createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Audit, Clock, Log, Service } from "../../ports.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { afterRestart, type HangWatch, isHung, nextWatch, UNWATCHED } from "./decide/hung-hub.ts";
import type { HubKeeperService } from "../hubs/hub-keeper.ts";

export interface HungHubsDeps {
  readonly cluster: Pick<Cluster, "snapshot">;
  readonly keeper: Pick<HubKeeperService, "restartHung">;
  /** Whether this router acts for all. */
  readonly isLeader: () => boolean;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HungHubsOptions {
  readonly everyMs: number;
  /** Absent: none is started anew. */
  readonly hungAfterMs: number | undefined;
}

/**
 * Starts hubs anew that run and have not answered for long, while their nodes are well; the node itself looks at the
 * homes before it does so. One that hangs again is left alone for twice as long.
 */
export function createHungHubs(deps: HungHubsDeps, { everyMs, hungAfterMs }: HungHubsOptions): Service {
  const { cluster, keeper, isLeader, audit, clock, log } = deps;
  const watches = new Map<NodeId, HangWatch>();
  const restarts = createSharedWork(restart);
  const loop = createLoop("hung hubs", everyMs, lookAround, { clock, log });

  function lookAround(signal: AbortSignal): Promise<void> {
    const { nodes } = cluster.snapshot();
    for (const node of watches.keys()) if (!nodes.some(({ spec }) => spec.id === node)) watches.delete(node);
    for (const view of nodes) {
      const { id } = view.spec;
      const watch = nextWatch(watches.get(id) ?? UNWATCHED, view, clock.now());
      watches.set(id, watch);
      const isDue = hungAfterMs !== undefined && isHung(watch, hungAfterMs, clock.now());
      if (isDue && isLeader()) restarts.join(id, signal).catch(() => undefined);
    }
    return Promise.resolve();
  }

  async function restart(node: NodeId, stopping: AbortSignal): Promise<void> {
    const watch = watches.get(node) ?? UNWATCHED;
    const silentMs = clock.now() - (watch.silentSinceMs ?? clock.now());
    log.warn({ node, silentMs, restarts: watch.restarts }, "hub hangs: starting it anew");
    await audit.note({ audit: "hub", by: "router", node, did: "restart" }, "hub that hangs is started anew");
    watches.set(node, afterRestart(watch));
    try {
      await keeper.restartHung(node, stopping);
    } catch (err) {
      stopping.throwIfAborted();
      log.warn({ err, node }, "hub that hangs was not started anew");
    }
  }

  return {
    start: () => loop.start(),
    async stop() {
      await Promise.all([restarts.stop(), loop.stop()]);
    },
  };
}
