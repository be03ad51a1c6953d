import type { ClusterSnapshot, LoadSample, NodeId, NodeView } from "../model.ts";
import type { Clock, Log, Service } from "../ports.ts";
import { nextHealth, UNHEARD } from "./decide/node-health.ts";
import type { HealthEvent, NodeHealth } from "./decide/node-health.ts";
import type { NodeSet } from "./node-set.ts";
import type { Reservations } from "./reservations.ts";

/** What is heard from nodes. */
export interface NodeEvents {
  sampled(node: NodeId, sample: LoadSample): void;
  /** Its SSH connection stands. */
  connected(node: NodeId): void;
  /** Its connection, or its agent, failed. */
  lost(node: NodeId, cause: unknown): void;
}

/** All nodes of the hosts file, each with its health, load and reservations. */
export interface Cluster extends Service {
  snapshot(): ClusterSnapshot;
  /** Calls back when nodes come or go, up or down; not for every sample. Returns how to stop that. */
  onChange(listener: () => void): () => void;
  readonly events: NodeEvents;
}

export interface ClusterDeps {
  readonly hosts: Pick<NodeSet, "all" | "find" | "onChange">;
  readonly reservations: Reservations;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps what was heard of each node; hears nothing by itself. */
export function createCluster({ hosts, reservations, clock, log }: ClusterDeps): Cluster {
  const healths = new Map<NodeId, NodeHealth>();
  const listeners = new Set<() => void>();
  let unsubscribe: (() => void) | undefined;

  function tell(): void {
    for (const listener of listeners) listener();
  }

  function note(node: NodeId, event: HealthEvent, cause?: unknown): void {
    if (hosts.find(node) === undefined) return;
    const before = healths.get(node) ?? UNHEARD;
    const after = nextHealth(before, event);
    healths.set(node, after);
    if (before.state === after.state && before.detail === after.detail) return;
    if (after.state === "down") log.warn({ node, err: cause }, "node is down");
    else if (after.state === "up") log.info({ node }, "node is up");
    tell();
  }

  function followHosts(): () => void {
    return hosts.onChange(({ removed, moved }) => {
      for (const { id } of [...removed, ...moved]) healths.delete(id);
      tell();
    });
  }

  return {
    start() {
      unsubscribe ??= followHosts();
      return Promise.resolve();
    },
    stop() {
      unsubscribe?.();
      unsubscribe = undefined;
      return Promise.resolve();
    },
    snapshot() {
      const held = reservations.byNode();
      const nodes = hosts.all().map((spec): NodeView => {
        const health = healths.get(spec.id) ?? UNHEARD;
        return { spec, ...health, isDraining: false, reservations: held.get(spec.id) ?? [] };
      });
      return { takenAtMs: clock.now(), nodes };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    events: {
      sampled(node, sample) {
        reservations.noteSample(node);
        note(node, { kind: "sampled", sample });
      },
      connected(node) {
        note(node, { kind: "connected", atMs: clock.now() });
      },
      lost(node, cause) {
        const detail = cause instanceof Error ? cause.message : String(cause);
        note(node, { kind: "lost", detail }, cause);
      },
    },
  };
}
