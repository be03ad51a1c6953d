import { AppError } from "../../errors.ts";
import { createLoop, createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Audit, Log, NodeAgent, Service } from "../../ports.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { type HubUse, isUnneeded } from "./decide/hub-use.ts";
import type { HubGate } from "../hubs/hub-gate.ts";
import { createHubUses, type HubUsesDeps } from "./hub-uses.ts";

export interface EmptyHubsDeps extends HubUsesDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly cluster: Pick<Cluster, "snapshot" | "listed"> & {
    readonly events: Pick<Cluster["events"], "hub">;
  };
  readonly gate: HubGate;
  /** What was known of the hub is wrong now. */
  readonly suspect: (node: NodeId) => void;
  /** Whether this router acts for all. */
  readonly isLeader: () => boolean;
  readonly audit: Audit;
  readonly log: Log;
}

export interface EmptyHubsOptions {
  readonly everyMs: number;
  /** Absent: none is stopped by itself. */
  readonly stopAfterMs: number | undefined;
  /** How long one stop may take. */
  readonly stopMs: number;
}

/** What became of a hub that was to be stopped; why it was kept is in words. */
type EmptyHubStop = { readonly kind: "stopped" } | { readonly kind: "kept"; readonly why: string };

export interface EmptyHubs extends Service {
  readonly hubUse: () => readonly HubUse[];
  /**
   * Stops the hub, and its proxy, if nobody uses it at that very moment: whoever wants to start there waits for the end,
   * and has it started anew. Throws why the node cannot be reached.
   */
  readonly stopEmptyHub: (node: NodeId, signal: AbortSignal) => Promise<EmptyHubStop>;
}

/** Knows since when nobody has used which hub, and stops those that nobody has used for long. */
export function createEmptyHubs(deps: EmptyHubsDeps, options: EmptyHubsOptions): EmptyHubs {
  const { agent, cluster, gate, audit, clock, log } = deps;
  const uses = createHubUses(deps);
  const stops = createSharedWork(stop);
  const loop = createLoop("empty hubs", options.everyMs, lookAround, { clock, log });

  function lookAround(signal: AbortSignal): Promise<void> {
    uses.look();
    const due = deps.isLeader()
      ? uses.all().filter((use) => isUnneeded(use, options.stopAfterMs, clock.now()))
      : [];
    for (const { node } of due) stops.join(node, signal).catch(() => undefined);
    return Promise.resolve();
  }

  async function stop(node: NodeId, stopping: AbortSignal): Promise<EmptyHubStop> {
    const signal = AbortSignal.any([stopping, clock.deadline(options.stopMs)]);
    const outcome = await (gate.close(node, () => stopNow(node, signal)) ??
      keep("somebody has just asked for it"));
    if (outcome.kind === "stopped")
      await audit.note({ audit: "hub", by: "router", node, did: "stop" }, "hub that nobody used is stopped");
    else log.debug({ node, why: outcome.why }, "hub is kept");
    // One that is used after all is not asked for again before it has been unused as long anew.
    uses.forget(node);
    return outcome;
  }

  /** The gate is closed: whoever reserves room from now on waits at it. */
  async function stopNow(node: NodeId, signal: AbortSignal): Promise<EmptyHubStop> {
    const why = uses.whyKept(node);
    if (why !== undefined) return keep(why);
    try {
      await agent.call(node, "stop-hub", { proxy: true, onlyIfEmpty: true }, signal);
    } catch (err) {
      if (err instanceof AppError && err.code === "HUB_IN_USE") return keep(err.message);
      throw err;
    } finally {
      deps.suspect(node);
    }
    cluster.events.hub(node, { kind: "stopped" });
    return { kind: "stopped" };
  }

  return {
    hubUse: uses.all,
    stopEmptyHub: (node, signal) => stops.join(node, signal),
    start: () => loop.start(),
    async stop() {
      await Promise.all([stops.stop(), loop.stop()]);
    },
  };
}

function keep(why: string): EmptyHubStop {
  return { kind: "kept", why };
}
