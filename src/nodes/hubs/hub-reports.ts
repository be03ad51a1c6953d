import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { HubLook } from "../../ports.ts";
import type { NodeEvents } from "../cluster/cluster.ts";
import { type HubEvent, SILENT } from "../cluster/decide/hub-state.ts";

/** Tells what starts and looks find out of hubs. */
export interface HubReports {
  /** Tells how the start ends; with the hub's version, if that is known. */
  ofStart(node: NodeId, start: () => Promise<string | undefined>): Promise<void>;
  /** Tells what is seen, but not during a start: that will say itself how it ended. */
  ofLook(node: NodeId, look: () => Promise<HubLook>): Promise<HubLook>;
}

export function createHubReports(events: Pick<NodeEvents, "hub">): HubReports {
  const underWay = new Set<NodeId>();

  function saw(node: NodeId, event: HubEvent): void {
    if (!underWay.has(node)) events.hub(node, event);
  }

  return {
    async ofStart(node, start) {
      underWay.add(node);
      try {
        const version = await start();
        events.hub(node, { kind: "ready", ...(version !== undefined && { version }) });
      } catch (err) {
        events.hub(node, failed(err));
        throw err;
      } finally {
        underWay.delete(node);
      }
    },
    async ofLook(node, look) {
      try {
        const found = await look();
        saw(node, SEEN[found]);
        return found;
      } catch (err) {
        saw(node, failed(err));
        throw err;
      }
    },
  };
}

const SEEN: Readonly<Record<HubLook, HubEvent>> = {
  ready: { kind: "ready" },
  absent: { kind: "stopped" },
  silent: { kind: "failed", code: SILENT, detail: "it listens, and does not answer" },
};

function failed(cause: unknown): HubEvent {
  const code = cause instanceof AppError ? cause.code : "HUB_NOT_HEALTHY";
  return { kind: "failed", code, detail: cause instanceof Error ? cause.message : String(cause) };
}
