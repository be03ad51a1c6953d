import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Audit, Log } from "../../ports.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { HubGate } from "../hubs/hub-gate.ts";
import type { HubUpgrade } from "./hub-upgrade.ts";

export interface HubRollerDeps {
  readonly upgrade: Pick<HubUpgrade, "roll">;
  readonly cluster: Pick<Cluster, "snapshot"> & { readonly events: Pick<Cluster["events"], "hub"> };
  readonly gate: HubGate;
  readonly suspect: (node: NodeId) => void;
  readonly audit: Audit;
  readonly log: Log;
}

/** "not now": somebody needs the hub at the moment. "failed": it did not come up again. */
type Rolled = "rolled" | "not now" | "failed";

export type HubRoller = (node: NodeId, signal: AbortSignal) => Promise<Rolled>;

/** Starts a hub anew while nobody needs it; who comes meanwhile waits. */
export function createHubRoller({ upgrade, cluster, gate, suspect, audit, log }: HubRollerDeps): HubRoller {
  async function roll(node: NodeId, signal: AbortSignal): Promise<Rolled> {
    cluster.events.hub(node, { kind: "starting" });
    try {
      const version = await upgrade.roll(node, () => undefined, signal);
      cluster.events.hub(node, { kind: "ready", ...(version !== undefined && { version }) });
      const act = { audit: "hub", by: "router", node, did: "restart", version } as const;
      await audit.note(act, "hub is started anew, as its configuration has changed");
      return "rolled";
    } catch (err) {
      signal.throwIfAborted();
      return giveUp(node, err);
    } finally {
      suspect(node);
    }
  }

  function giveUp(node: NodeId, err: unknown): Rolled {
    if (err instanceof AppError && err.code === "HUB_IN_USE") {
      cluster.events.hub(node, { kind: "ready" });
      return "not now";
    }
    const code = err instanceof AppError ? err.code : "HUB_NOT_HEALTHY";
    const detail = err instanceof Error ? err.message : String(err);
    cluster.events.hub(node, { kind: "failed", code, detail });
    log.error(
      { err, node },
      "hub did not come up with its new configuration: no other is started anew for now",
    );
    return "failed";
  }

  return async (node, signal) => {
    const view = cluster.snapshot().nodes.find(({ spec }) => spec.id === node);
    if (view === undefined || view.reservations.length > 0) return "not now";
    return (await gate.close(node, () => roll(node, signal))) ?? "not now";
  };
}
