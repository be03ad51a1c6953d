import type { Store } from "../cache-ports.ts";
import type { Config } from "../config.ts";
import { createAccounts } from "../nodes/ssh/accounts.ts";
import { createCluster, type NodeEvents } from "../nodes/cluster/cluster.ts";
import { withoutImpostors } from "../nodes/load/decide/load-sample.ts";
import type { PlacementPolicy } from "../nodes/placement/decide/placement.ts";
import type { SizeBounds } from "../nodes/placement/decide/size-history.ts";
import { createGrowth, type GrowthOptions } from "../nodes/placement/growth.ts";
import { createLearntSizes } from "../nodes/placement/learnt-sizes.ts";
import { createPlacer } from "../nodes/placement/placer.ts";
import { createProcessOwners } from "../nodes/placement/process-owners.ts";
import { createReservations } from "../nodes/placement/reservations.ts";
import { createSizeBook } from "../nodes/placement/size-book.ts";
import type { NodeReach } from "./node-reach.ts";
import { startDeadlines } from "./start-deadlines.ts";

/** What is heard of the nodes, and who goes where by it. */
export function composePlacement(config: Config, { clock, log, hosts, agent }: NodeReach, store: Store) {
  const { reservationMs } = startDeadlines(config);
  const reservations = createReservations({ clock }, { expireAfterMs: reservationMs });
  const growth = createGrowth({ clock }, growthOptions(config));
  const book = createSizeBook({ clock }, sizeBounds(config));
  const owners = createProcessOwners({ accounts: createAccounts({ agent, clock }), clock });
  const learnt = createLearntSizes({ book, store, owners, clock, log });
  const sizes = { expected: book.expected, recall: learnt.recall };
  const room = { reservations, growth, clock, log };
  const cluster = createCluster({ hosts, ...room });
  const events: NodeEvents = {
    ...cluster.events,
    sampled(node, said, order) {
      const sample = withoutImpostors(said, owners.isImpostor);
      cluster.events.sampled(node, sample, order);
      if (sample.sizes === undefined) return;
      growth.measured(node, sample.sizes);
      void learnt.heard(node, sample.sizes);
    },
  };
  return { cluster, events, placer: createPlacer({ cluster, sizes, ...room }, placementPolicy(config)) };
}

/** What placements go by, as the configuration has it. */
export function placementPolicy({ placement }: Config): PlacementPolicy {
  return {
    maxSampleAgeMs: placement.max_sample_age,
    server: { memoryBytes: placement.server_memory, cores: placement.server_cores },
    headroomBytes: placement.memory_headroom,
    gpus: placement.gpus,
  };
}

/** How new servers are expected to grow, as the configuration has it. */
export function growthOptions({ placement }: Config): GrowthOptions {
  return { memoryBytes: placement.grown_memory, growsForMs: placement.growth };
}

/** What a user's servers may be expected to take, as the configuration has it. */
export function sizeBounds({ placement }: Config): SizeBounds {
  return { leastBytes: placement.server_memory, mostBytes: placement.largest_server };
}
