import { Counter, Gauge, type Registry } from "prom-client";
import type { Rebalancing } from "../../../plan.ts";

/** How often plans were made, and what became of their moves. */
export function addRebalanceMetrics(registry: Registry, { tally }: Pick<Rebalancing, "tally">): void {
  new Counter({
    name: "multijhub_rebalance_runs_total",
    help: "Plans of rebalancing by what they came to",
    labelNames: ["result"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [result, count] of tally().runs) this.inc({ result }, count);
    },
  });
  new Counter({
    name: "multijhub_rebalance_moves_total",
    help: "Moves of plans by kind and outcome",
    labelNames: ["kind", "result"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { kind, result, count } of tally().moves) this.inc({ kind, result }, count);
    },
  });
  new Gauge({
    name: "multijhub_rebalance_last_run_seconds",
    help: "When this router made a plan last, in seconds since the epoch; 0: never",
    registers: [registry],
    collect() {
      this.set((tally().lastRunMs ?? 0) / 1000);
    },
  });
}
