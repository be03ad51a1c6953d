import { AppError } from "../../errors.ts";
import type { ClusterSnapshot, GpuGrant, NodeId, ServerKey, Wish } from "../../model.ts";
import { grantGpus } from "./decide/gpus.ts";
import { NO_WISH } from "./decide/offer.ts";
import type { PlacementPolicy } from "./decide/placement.ts";
import type { Reservations } from "./reservations.ts";

/** Holds room on nodes, with the devices that a server wants where they are given out. */
export interface GpuGrants {
  hold(snapshot: ClusterSnapshot, key: ServerKey, node: NodeId, wish?: Wish): void;
  /** See `Placer.grant`. */
  grant(snapshot: ClusterSnapshot, key: ServerKey, node: NodeId, wish: Wish): GpuGrant | undefined;
}

export function createGpuGrants(
  reservations: Pick<Reservations, "hold" | "gpusHeld">,
  { gpus: mode = "shared", server: { memoryBytes } }: PlacementPolicy,
): GpuGrants {
  function devices(snapshot: ClusterSnapshot, key: ServerKey, node: NodeId, gpus: number) {
    const view = snapshot.nodes.find(({ spec }) => spec.id === node);
    return mode === "shared" || view === undefined ? undefined : grantGpus(view, { key, gpus });
  }

  function hold(key: ServerKey, node: NodeId, grant: GpuGrant | undefined): void {
    reservations.hold(key, node, { memoryBytes, ...(grant && { gpus: grant.ids }) });
  }

  return {
    hold(snapshot, key, node, { gpus } = NO_WISH) {
      hold(key, node, devices(snapshot, key, node, gpus));
    },
    grant(snapshot, key, node, { gpus }) {
      const grant = devices(snapshot, key, node, gpus);
      const held = reservations.gpusHeld(key, node);
      if (grant !== undefined && held?.length === gpus) return { ...grant, ids: held };
      if (grant === undefined && gpus > 0 && mode === "assigned") {
        throw new AppError("GPU_TAKEN", `the GPUs of ${node} are taken`, { node });
      }
      if (grant !== undefined && gpus > 0) hold(key, node, grant);
      return grant;
    },
  };
}
