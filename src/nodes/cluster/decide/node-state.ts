import type { LoadSample, NodeId, NodeTrouble, NodeView } from "../../../model.ts";
import { afterDown, dampingOf, STEADY, type Flaps } from "./flap-damping.ts";
import { afterLoss, nextHub, type HubEvent } from "./hub-state.ts";
import { troublesOf } from "./node-troubles.ts";

/**
 * What the router knows of a node. The node itself is unknown, up or down; its hub has a state of its own, as far as
 * it can be told; docs/node.md has the tables. Whether the node is cordoned or drained is decided beside it, by what
 * an admin asked (`closureOf`): that outlasts every loss.
 */
export interface NodeStanding extends Pick<NodeView, "state" | "lastSeenMs" | "load" | "hub"> {
  /** What has it down. */
  readonly loss?: NodeTrouble;
  readonly flaps: Flaps;
}

export type NodeEvent =
  | { readonly kind: "sampled"; readonly sample: LoadSample }
  /** The SSH connection stands; no load was told yet. */
  | { readonly kind: "connected"; readonly atMs: number }
  /** The connection, or the agent behind it, failed. */
  | { readonly kind: "lost"; readonly trouble: NodeTrouble; readonly atMs: number }
  | { readonly kind: "hub"; readonly event: HubEvent; readonly atMs: number };

/** A node nobody has heard from. */
export const UNHEARD: NodeStanding = { state: "unknown", flaps: STEADY };

/** A node after an event. Only a sample makes it up; figures from before a loss are not kept. */
export function nextStanding(standing: NodeStanding, event: NodeEvent): NodeStanding {
  const { hub, flaps } = standing;
  switch (event.kind) {
    case "sampled":
      return { ...hubOf(hub), flaps, state: "up", lastSeenMs: event.sample.takenAtMs, load: event.sample };
    case "connected":
      return standing.state === "up"
        ? { ...standing, lastSeenMs: event.atMs }
        : { ...hubOf(hub), flaps, state: "unknown", lastSeenMs: event.atMs };
    case "lost":
      return afterLossOf(standing, event.trouble, event.atMs);
    case "hub": {
      const { hub: former, ...rest } = standing;
      return { ...rest, ...hubOf(nextHub(former, event.event, event.atMs)) };
    }
  }
}

/** Only a node that was up has gone down: tries to reach one that is away are no flaps. */
function afterLossOf(standing: NodeStanding, loss: NodeTrouble, atMs: number): NodeStanding {
  const { state, lastSeenMs, hub, flaps } = standing;
  return {
    ...(lastSeenMs !== undefined && { lastSeenMs }),
    ...hubOf(afterLoss(hub)),
    flaps: state === "up" ? afterDown(flaps, atMs) : flaps,
    state: "down",
    loss,
  };
}

function hubOf(hub: NodeStanding["hub"]): Pick<NodeStanding, "hub"> {
  return hub === undefined ? {} : { hub };
}

type Shown = Pick<NodeView, "state" | "detail" | "troubles" | "lastSeenMs" | "load" | "hub" | "damping">;

/** What is shown of it now: damping ends by time alone. */
export function showStanding(node: NodeId, { loss, flaps, ...rest }: NodeStanding, nowMs: number): Shown {
  const damping = dampingOf(flaps, nowMs);
  const signs = troublesOf({ node, ...rest, damping });
  const troubles = loss === undefined ? signs : [loss, ...signs];
  return {
    ...rest,
    detail: loss?.words ?? (isHalfKnown(rest) ? "connected, its load is not known yet" : ""),
    ...(damping !== undefined && { damping }),
    ...(troubles.length > 0 && { troubles }),
  };
}

function isHalfKnown({ state, lastSeenMs }: Pick<NodeStanding, "state" | "lastSeenMs">): boolean {
  return state === "unknown" && lastSeenMs !== undefined;
}
