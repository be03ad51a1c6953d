import { createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, NodeDialer, Service } from "../../ports.ts";
import type { HubPorts } from "./decide/hub-settings.ts";
import { createHubTrust } from "./hub-trust.ts";
import type { PortCheck } from "./port-check.ts";

/** Dials, and can be told that what it knew of a node may be wrong now. */
export interface VerifiedDialer extends NodeDialer, Pick<Service, "stop"> {
  readonly suspect: (node: NodeId) => void;
}

export interface VerifiedDialerDeps {
  readonly dialer: NodeDialer;
  readonly ports: PortCheck;
  readonly clock: Clock;
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
  const trust = createHubTrust(clock, trustMs);
  const checks = createSharedWork(check);

  async function check(node: NodeId, stopping: AbortSignal): Promise<void> {
    const suspicions = trust.suspicionsOf(node);
    const behind = await ports.whoListens(node, hubPorts, stopping);
    if (behind === "hub") trust.grant(node, suspicions);
  }

  return {
    async dial(node, port, signal) {
      if (!trust.isTrusted(node)) await checks.join(node, signal);
      return dialer.dial(node, port, signal);
    },
    suspect: trust.suspect,
    stop: () => checks.stop(),
  };
}
