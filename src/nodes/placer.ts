import type { ClusterSnapshot, Placement, ServerKey } from "../model.ts";
import type { Avoid, Clock, Log, Placer } from "../ports.ts";
import { choose } from "./decide/placement.ts";
import type { PlacementPolicy } from "./decide/placement.ts";
import type { Reservations } from "./reservations.ts";

export interface PlacerDeps {
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly reservations: Reservations;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Chooses and reserves without a gap between the two: whoever comes next sees the room taken. Asking again while a
 * start is under way gives the same node, unless it may not take the server any more.
 */
export function createPlacer(
  { cluster, reservations, clock, log }: PlacerDeps,
  policy: PlacementPolicy,
): Placer {
  function decide(key: ServerKey, avoid?: Avoid): Placement {
    const heldOn = reservations.heldOn(key);
    const request = { key, ...(heldOn !== undefined && { heldOn }), ...(avoid && { avoid }) };
    return choose(cluster.snapshot(), request, policy, clock.now());
  }

  return {
    place(key, avoid) {
      const placement = decide(key, avoid);
      const [first] = placement.verdicts;
      if (placement.kind === "none") {
        log.warn({ ...key, verdicts: placement.verdicts }, "no node can take a server");
        return placement;
      }
      reservations.hold(key, placement.node, policy.server.memoryBytes);
      log.info(
        { ...key, node: placement.node, score: first?.score, reasons: first?.reasons },
        "server placed",
      );
      return placement;
    },
    explain: decide,
    release: (key) => {
      reservations.release(key);
    },
  };
}
