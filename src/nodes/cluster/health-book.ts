import type { NodeId } from "../../model.ts";
import type { Clock, Log } from "../../ports.ts";
import { nextStanding, showStanding, UNHEARD } from "./decide/node-state.ts";
import type { NodeEvent, NodeStanding } from "./decide/node-state.ts";

/** How nodes and their hubs are, by what was heard of them. */
export interface HealthBook {
  /** Whether that is news: every sample is noted, and only a change of state is news. */
  note(node: NodeId, event: NodeEvent, cause?: unknown): boolean;
  forget(node: NodeId): void;
  find(node: NodeId): ReturnType<typeof showStanding>;
}

export function createHealthBook({ clock, log }: { readonly clock: Clock; readonly log: Log }): HealthBook {
  const standings = new Map<NodeId, NodeStanding>();

  function tellNode(node: NodeId, { state, loss, flaps }: NodeStanding, cause: unknown): void {
    if (state === "down") log.warn({ node, cause: loss?.code, err: cause }, "node is down");
    if (loss?.code === "host-key-changed") {
      log.error(
        { audit: "host-key", node, detail: loss.words },
        "host key of a node has changed: it is not connected",
      );
    }
    if (state === "up") log.info({ node }, "node is up");
    if (state === "up" && flaps.untilMs !== undefined && clock.now() < flaps.untilMs) {
      log.warn({ node, downs: flaps.downsMs.length, untilMs: flaps.untilMs }, "node is unsteady");
    }
  }

  return {
    note(node, event, cause) {
      const before = standings.get(node) ?? UNHEARD;
      const after = nextStanding(before, event);
      standings.set(node, after);
      if (before.hub !== after.hub) log.debug({ node, hub: after.hub }, "hub is in another state");
      const isNews = before.state !== after.state || before.loss?.words !== after.loss?.words;
      if (isNews) tellNode(node, after, cause);
      return isNews || before.hub !== after.hub;
    },
    forget(node) {
      standings.delete(node);
    },
    find: (node) => showStanding(node, standings.get(node) ?? UNHEARD, clock.now()),
  };
}
