import type { NodeId } from "../../model.ts";
import type { Clock } from "../../ports.ts";

/** Which hubs were found ready and ours, for a short while, and not suspected since. */
export interface HubTrust {
  isTrusted(node: NodeId): boolean;
  /** To be taken before looking: a look that began before a suspicion proves nothing. */
  suspicionsOf(node: NodeId): number;
  /** False, and no trust, if the node was suspected since `suspicions` was taken. */
  grant(node: NodeId, suspicions: number): boolean;
  readonly suspect: (node: NodeId) => void;
}

export function createHubTrust(clock: Clock, trustMs: number): HubTrust {
  const trustedUntilMs = new Map<NodeId, number>();
  const counts = new Map<NodeId, number>();

  function suspicionsOf(node: NodeId): number {
    return counts.get(node) ?? 0;
  }

  return {
    isTrusted: (node) => (trustedUntilMs.get(node) ?? 0) > clock.now(),
    suspicionsOf,
    grant(node, suspicions) {
      if (suspicionsOf(node) !== suspicions) return false;
      trustedUntilMs.set(node, clock.now() + trustMs);
      return true;
    },
    suspect(node) {
      trustedUntilMs.delete(node);
      counts.set(node, suspicionsOf(node) + 1);
    },
  };
}
