import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { NodeView } from "../../model.ts";
import type { ClusterSource } from "../decide/cluster-source.ts";
import type { JourneyMeter } from "../decide/way-in.ts";

export interface Metrics {
  readonly contentType: string;
  readonly meter: JourneyMeter;
  /** Everything in the Prometheus text format, as it is now. */
  text(): Promise<string>;
}

/** The router's metrics. Labels are bounded: node, state, outcome, error code; never a user. */
export function createMetrics(cluster: ClusterSource): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addClusterGauges(registry, cluster);
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
  ["draining", "1 when nothing is placed there any more", ({ isDraining }) => (isDraining ? 1 : 0)],
  ["servers", "Running servers", ({ load }) => load?.servers],
  ["reservations", "Servers that are starting", ({ reservations }) => reservations.length],
  ["load1_per_core", "Load average of a minute per core", ({ load }) => load && load.load1 / load.cores],
  ["memory_available_bytes", "Memory available", ({ load }) => load?.memoryAvailableBytes],
  ["memory_total_bytes", "Memory", ({ load }) => load?.memoryTotalBytes],
  ["clock_offset_seconds", "Its clock minus ours", ({ load }) => load && load.clockOffsetMs / 1000],
];

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
  new Gauge({
    name: "multijhub_hosts_file_problems",
    help: "Lines of the hosts file that cannot be understood",
    registers: [registry],
    collect() {
      this.set(cluster.problems().length);
    },
  });
}
