import type { ErrorCode } from "../../../errors.ts";
import type { HubView } from "../../../model.ts";

/** What happens to the hub of a node. */
export type HubEvent =
  /** The agent was asked to start it; ends with "ready" or "failed". */
  | { readonly kind: "starting" }
  /** It answers, and is surely ours. */
  | { readonly kind: "ready"; readonly version?: string }
  /** It could not be started, or does not answer as it should. */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly detail: string }
  /** Nothing runs there. */
  | { readonly kind: "stopped" }
  /** The node has what a hub needs. */
  | { readonly kind: "fit" };

/** The hub after an event; undefined while it cannot be told how it is. What is no news changes nothing, `sinceMs` included. */
export function nextHub(hub: HubView | undefined, event: HubEvent, atMs: number): HubView | undefined {
  const next = afterEvent(hub, event, atMs);
  const isNews = next?.state !== hub?.state || next?.detail !== hub?.detail || next?.version !== hub?.version;
  return isNews ? next : hub;
}

function afterEvent(hub: HubView | undefined, event: HubEvent, sinceMs: number): HubView | undefined {
  switch (event.kind) {
    case "starting":
      return { state: "starting", detail: "", sinceMs };
    case "ready":
      return ready(hub, event, sinceMs);
    case "failed":
      return afterFailure(event, sinceMs);
    case "stopped":
      return staysAsItIs(hub) ? hub : { state: "absent", detail: "", sinceMs };
    case "fit":
      return hub?.state === "incompatible" ? { state: "absent", detail: "", sinceMs } : hub;
  }
}

/** A start ends with its own word, and why one failed is of more use than that nothing runs. */
function staysAsItIs(hub: HubView | undefined): boolean {
  if (hub?.state === "failing") return hub.code !== SILENT;
  return hub?.state === "starting" || hub?.state === "incompatible";
}

/** The code of one that listens and does not answer; says nothing of a start. */
export const SILENT: ErrorCode = "HUB_UNREACHABLE";

function ready(
  hub: HubView | undefined,
  { version }: { readonly version?: string },
  sinceMs: number,
): HubView {
  const known = version ?? (hub?.state === "ready" ? hub.version : undefined);
  return { state: "ready", detail: "", sinceMs, ...(known !== undefined && { version: known }) };
}

function afterFailure(
  { code, detail }: Extract<HubEvent, { kind: "failed" }>,
  sinceMs: number,
): HubView | undefined {
  if (INCOMPATIBLE.has(code)) return { state: "incompatible", detail, code, sinceMs };
  return IN_BETWEEN.has(code) ? undefined : { state: "failing", detail, code, sinceMs };
}

/** The hub once its node was lost: only a start that was asked for will still say how it ended. */
export function afterLoss(hub: HubView | undefined): HubView | undefined {
  return hub?.state === "starting" ? hub : undefined;
}

/** The node lacks what a hub needs: trying again is no use before somebody has been there. */
const INCOMPATIBLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "JUPYTERHUB_MISSING",
  "JUPYTERHUB_TOO_OLD",
  "PROXY_MISSING",
]);

/** The way to the node failed: this says nothing of the hub. */
const IN_BETWEEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NODE_UNKNOWN",
  "NODE_UNREACHABLE",
  "NODE_TIMEOUT",
  "HOST_KEY_UNKNOWN",
  "HOST_KEY_CHANGED",
  "SSH_AUTH_REFUSED",
  "SSH_CONFIG",
  "TUNNEL_REFUSED",
  "TUNNEL_LOST",
  "AGENT_MISSING",
  "AGENT_VERSION",
  "AGENT_ANSWER",
  "STOPPING",
]);
