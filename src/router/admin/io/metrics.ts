import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Gpu, NodeView } from "../../../model.ts";
import type { CacheSource, ClusterSource } from "../decide/cluster-source.ts";
import type { HomesSource } from "../../servers/decide/home-trouble.ts";
import type { JourneyMeter } from "../../way-in/decide/way-in.ts";
import type { Rebalancing } from "../../../plan.ts";
import { addRebalanceMetrics } from "./rebalance-metrics.ts";

export interface Metrics {
  readonly contentType: string;
  readonly meter: JourneyMeter;
  /** Everything in the Prometheus text format, as it is now. */
  text(): Promise<string>;
}

/** The router's metrics. Labels are bounded: node, state, outcome, error code; never a user. */
export function createMetrics(
  cluster: ClusterSource,
  cache: CacheSource,
  homes: HomesSource,
  rebalancing: Pick<Rebalancing, "tally">,
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addClusterGauges(registry, cluster);
  addCacheGauges(registry, cache);
  addHomeGauges(registry, homes);
  addRebalanceMetrics(registry, rebalancing);
  return {
    contentType: registry.contentType,
    meter: createMeter(registry),
    text: () => registry.metrics(),
  };
}

function createMeter(registry: Registry): JourneyMeter {
  const journeys = new Counter({
    name: "multijhub_journeys_total",
    help: "Ways to a server that ended, by outcome and error code",
    labelNames: ["outcome", "code"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "multijhub_journey_seconds",
    help: "How long the way to a server took, by outcome",
    labelNames: ["outcome"],
    buckets: [0.1, 0.3, 1, 3, 10, 30, 60, 120, 300],
    registers: [registry],
  });
  return {
    ended(outcome, tookMs) {
      const code = outcome.kind === "failed" ? outcome.code : "";
      journeys.inc({ outcome: outcome.kind, code });
      seconds.observe({ outcome: outcome.kind }, tookMs / 1000);
    },
  };
}

const NODE_GAUGES: readonly [name: string, help: string, read: (node: NodeView) => number | undefined][] = [
  ["up", "1 when the node answers", ({ state }) => (state === "up" ? 1 : 0)],
  ["draining", "1 when nothing is placed there any more", ({ closure }) => (closure ? 1 : 0)],
  ["servers", "Running servers", ({ load }) => load?.servers],
  ["reservations", "Servers that are starting", ({ reservations }) => reservations.length],
  ["load1_per_core", "Load average of a minute per core", ({ load }) => load && load.load1 / load.cores],
  ["memory_available_bytes", "Memory available", ({ load }) => load?.memoryAvailableBytes],
  ["memory_total_bytes", "Memory", ({ load }) => load?.memoryTotalBytes],
  ["server_memory_bytes", "Memory of its servers together", ({ load }) => load?.serverBytes],
  ["state_disk_free_bytes", "Free where its hub keeps its state", ({ load }) => load?.stateDisk?.freeBytes],
  ["gpus", "GPUs", ({ load }) => load?.gpus?.length],
  ["gpus_held", "GPUs given to servers", ({ load }) => load?.gpus?.filter(isHeld).length],
  ["clock_offset_seconds", "Its clock minus ours", ({ load }) => load && load.clockOffsetMs / 1000],
];

function isHeld({ holders }: Gpu): boolean {
  return holders.length > 0;
}

function addClusterGauges(registry: Registry, cluster: ClusterSource): void {
  for (const [name, help, read] of NODE_GAUGES) {
    new Gauge({
      name: `multijhub_node_${name}`,
      help,
      labelNames: ["node"],
      registers: [registry],
      collect() {
        this.reset();
        for (const node of cluster.snapshot().nodes) {
          const value = read(node);
          if (value !== undefined) this.set({ node: node.spec.id }, value);
        }
      },
    });
  }
  addStateGauges(registry, cluster);
  new Gauge({
    name: "multijhub_hosts_file_problems",
    help: "Lines of the hosts file that cannot be understood",
    registers: [registry],
    collect() {
      this.set(cluster.problems().length);
    },
  });
}

/** What a node suffers from, and how its hub is: 1 for each that holds now. */
function addStateGauges(registry: Registry, cluster: ClusterSource): void {
  new Gauge({
    name: "multijhub_node_trouble",
    help: "1 for each thing a node suffers from, by cause",
    labelNames: ["node", "cause"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { spec, troubles = [] } of cluster.snapshot().nodes)
        for (const { code } of troubles) this.set({ node: spec.id, cause: code }, 1);
    },
  });
  new Gauge({
    name: "multijhub_node_hub",
    help: "1 for the state the hub of a node is in",
    labelNames: ["node", "state"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { spec, hub } of cluster.snapshot().nodes)
        if (hub !== undefined) this.set({ node: spec.id, state: hub.state }, 1);
    },
  });
}

function addCacheGauges(registry: Registry, { isUp, isLeader }: CacheSource): void {
  const gauges: readonly [name: string, help: string, read: () => boolean][] = [
    ["store_up", "1 while the cache answers", isUp],
    ["leader", "1 while this router acts for all", isLeader],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name: `multijhub_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read() ? 1 : 0);
      },
    });
  }
}

function addHomeGauges(registry: Registry, homes: HomesSource): void {
  new Gauge({
    name: "multijhub_homes",
    help: "Homes by whether the router could read them at its last look",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      const { read, unreadable } = homes.counts();
      this.set({ state: "read" }, read);
      this.set({ state: "unreadable" }, unreadable);
    },
  });
  new Gauge({
    name: "multijhub_servers_without_record",
    help: "Servers that have run for two minutes and left no record in their owner's home",
    registers: [registry],
    collect() {
      this.set(homes.counts().serversWithoutRecord);
    },
  });
}
