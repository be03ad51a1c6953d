import type { LoadSample, NodeState, NodeView } from "../../model.ts";

/** What the router knows of a node's well-being. */
export type NodeHealth = Pick<NodeView, "state" | "detail" | "lastSeenMs" | "load">;

export type HealthEvent =
  | { readonly kind: "sampled"; readonly sample: LoadSample }
  /** The SSH connection stands; no load was told yet. */
  | { readonly kind: "connected"; readonly atMs: number }
  /** The connection, or the agent behind it, failed, for this reason in words. */
  | { readonly kind: "lost"; readonly detail: string };

/** A node nobody has heard from. */
export const UNHEARD: NodeHealth = { state: "unknown", detail: "" };

/** A node's health after an event. Only a sample makes it up; figures from before a loss are not kept. */
export function nextHealth(health: NodeHealth, event: HealthEvent): NodeHealth {
  switch (event.kind) {
    case "sampled":
      return { state: "up", detail: "", lastSeenMs: event.sample.takenAtMs, load: event.sample };
    case "connected":
      return health.state === "up"
        ? { ...health, lastSeenMs: event.atMs }
        : { state: "unknown", detail: "connected, its load is not known yet", lastSeenMs: event.atMs };
    case "lost":
      return { ...seen(health), state: "down" satisfies NodeState, detail: event.detail };
  }
}

function seen({ lastSeenMs }: NodeHealth): Pick<NodeHealth, "lastSeenMs"> {
  return lastSeenMs === undefined ? {} : { lastSeenMs };
}
