import type { NodeId } from "../model.ts";
import type { Clock, NodeDialer } from "../ports.ts";
import type { HubPorts } from "./decide/hub-settings.ts";
import type { PortCheck } from "./port-check.ts";

/** Dials, and can be told that what it knew of a node may be wrong now. */
export interface VerifiedDialer extends NodeDialer {
  suspect(node: NodeId): void;
}

export interface VerifiedDialerDeps {
  readonly dialer: NodeDialer;
  readonly ports: PortCheck;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Connects only to a port that the hub's account owns, by the word of the node's agent; otherwise LISTENER_NOT_HUB.
 * The word is good for `trustMs`, or until a suspicion. A port nobody listens on is dialled, and refused, as usual.
 * It does not ask for the hub's health: while a hub restarts, its proxy still serves the users' servers.
 */
export function createVerifiedDialer(
  { dialer, ports, clock }: VerifiedDialerDeps,
  { hubPorts, trustMs }: { readonly hubPorts: HubPorts; readonly trustMs: number },
): VerifiedDialer {
  const verifiedUntilMs = new Map<NodeId, number>();
  const checks = new Map<NodeId, Promise<void>>();

  async function verify(node: NodeId, signal: AbortSignal): Promise<void> {
    if ((verifiedUntilMs.get(node) ?? 0) > clock.now()) return;
    const check = checks.get(node) ?? ask(node, signal);
    checks.set(node, check);
    await check.finally(() => checks.delete(node));
  }

  async function ask(node: NodeId, signal: AbortSignal): Promise<void> {
    const behind = await ports.whoListens(node, hubPorts, signal);
    if (behind === "hub") verifiedUntilMs.set(node, clock.now() + trustMs);
  }

  return {
    async dial(node, port, signal) {
      await verify(node, signal);
      return dialer.dial(node, port, signal);
    },
    suspect(node) {
      verifiedUntilMs.delete(node);
    },
  };
}
