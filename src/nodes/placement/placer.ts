import type { ClusterSnapshot, Placement, ServerKey, Wish } from "../../model.ts";
import type { Avoid, Clock, Log, Placer } from "../../ports.ts";
import { offerOf } from "./decide/offer.ts";
import { choose } from "./decide/placement.ts";
import type { PlacementPolicy } from "./decide/placement.ts";
import { createGpuGrants } from "./gpu-grants.ts";
import type { Growth } from "./growth.ts";
import type { LearntSizes } from "./learnt-sizes.ts";
import type { Reservations } from "./reservations.ts";
import type { SizeBook } from "./size-book.ts";

export interface PlacerDeps {
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly reservations: Reservations;
  readonly growth: Pick<Growth, "begin" | "end">;
  readonly sizes: Pick<SizeBook, "expected"> & Pick<LearntSizes, "recall">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "info" | "warn">;
}

/**
 * Chooses and reserves without a gap between the two: whoever comes next sees the room taken. Asking again while a
 * start is under way gives the same node, unless it may not take the server any more.
 */
export function createPlacer(
  { cluster, reservations, growth, sizes, clock, log }: PlacerDeps,
  policy: PlacementPolicy,
): Placer {
  const grants = createGpuGrants(reservations, policy);

  function decide(snapshot: ClusterSnapshot, key: ServerKey, avoid?: Avoid, wish?: Wish): Placement {
    const heldOn = reservations.heldOn(key);
    const learntBytes = sizes.expected(key.user);
    const request = {
      key,
      ...wish,
      ...(learntBytes !== undefined && { learntBytes }),
      ...(heldOn !== undefined && { heldOn }),
      ...(avoid && { avoid }),
    };
    return choose(snapshot, request, policy, clock.now());
  }

  return {
    recall: sizes.recall,
    place(key, avoid, wish) {
      const snapshot = cluster.snapshot();
      const placement = decide(snapshot, key, avoid, wish);
      const [first] = placement.verdicts;
      if (placement.kind === "none") {
        log.warn({ ...key, verdicts: placement.verdicts }, "no node can take a server");
        return placement;
      }
      grants.hold(snapshot, key, placement.node, wish);
      log.info(
        { ...key, node: placement.node, score: first?.score, reasons: first?.reasons },
        "server placed",
      );
      return placement;
    },
    explain: (key, avoid, wish) => decide(cluster.snapshot(), key, avoid, wish),
    offer(key, wish) {
      const snapshot = cluster.snapshot();
      return offerOf(decide(snapshot, key, undefined, wish), snapshot, key, policy.gpus);
    },
    grant: (key, node, wish) => grants.grant(cluster.snapshot(), key, node, wish),
    taken: (key) => {
      reservations.bar(key);
    },
    started(key, node) {
      reservations.settle(key);
      growth.begin(key, node, sizes.expected(key.user));
    },
    release: (key) => {
      reservations.release(key);
    },
    stopped(key, node) {
      growth.end(key, node);
    },
  };
}
