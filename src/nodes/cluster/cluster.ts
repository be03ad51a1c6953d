import type {
  Closure,
  ClusterSnapshot,
  LoadSample,
  NodeId,
  NodeOrder,
  NodeSpec,
  NodeTrouble,
  NodeView,
} from "../../model.ts";
import { lossOf } from "../../node-loss.ts";
import type { Clock, Log, Service } from "../../ports.ts";
import type { HubEvent } from "./decide/hub-state.ts";
import type { Growth } from "../placement/growth.ts";
import type { NodeSet } from "../inventory/node-set.ts";
import { withListed } from "./decide/listed-servers.ts";
import { createHealthBook, type HealthBook } from "./health-book.ts";
import { createOrderBook, type Listed, type OrderBook } from "./order-book.ts";
import type { Reservations } from "../placement/reservations.ts";

/** What is heard from nodes. */
export interface NodeEvents {
  sampled(node: NodeId, sample: LoadSample, order?: NodeOrder): void;
  /** It keeps this order now, or none. */
  ordered(node: NodeId, order: NodeOrder | undefined): void;
  /** Its SSH connection stands. */
  connected(node: NodeId): void;
  /** Its connection, or its agent, failed. */
  lost(node: NodeId, cause: unknown): void;
  /** This happened to its hub. */
  hub(node: NodeId, event: HubEvent): void;
}

/** All nodes of the hosts file, each with its health, load, reservations, and what was asked of it. */
export interface Cluster extends Service {
  snapshot(): ClusterSnapshot;
  /** Calls back when nodes come or go, up or down; not for every sample. Returns how to stop that. */
  onChange(listener: () => void): () => void;
  /** What the closure of a node would be with another order. */
  readonly foresee: (node: NodeView, order: NodeOrder | undefined) => Closure | undefined;
  /** From now on a node can be drained, if nothing is listed there either; and listed servers count against its limit. */
  readonly heedLists: (listed: Listed) => void;
  readonly listed: Listed;
  readonly events: NodeEvents;
}

export interface ClusterDeps {
  readonly hosts: Pick<NodeSet, "all" | "find" | "onChange">;
  readonly reservations: Reservations;
  readonly growth: Pick<Growth, "byNode">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps what was heard of each node; hears nothing by itself. */
export function createCluster({ hosts, reservations, growth, clock, log }: ClusterDeps): Cluster {
  const healths = createHealthBook({ clock, log });
  const orders = createOrderBook({ clock, log });
  const listeners = new Set<() => void>();
  let unsubscribe: (() => void) | undefined;

  function tell(): void {
    for (const listener of listeners) listener();
  }

  /** What comes late of a node that is gone is not kept. */
  function hear(node: NodeId, isNews: () => boolean): void {
    if (hosts.find(node) !== undefined && isNews()) tell();
  }

  function followHosts(): () => void {
    return hosts.onChange(({ removed, moved }) => {
      for (const { id } of [...removed, ...moved]) for (const book of [healths, orders]) book.forget(id);
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
      const room = { held: reservations.byNode(), growing: growth.byNode() };
      return { takenAtMs: clock.now(), nodes: viewsOf(hosts.all(), room, healths, orders) };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    foresee: orders.closure,
    heedLists: orders.heedLists,
    listed: orders.listed,
    events: {
      ordered(node, order) {
        hear(node, () => orders.note(node, order));
      },
      sampled(node, sample, order) {
        reservations.noteCount(node, sample.serversCountedAtMs ?? sample.takenAtMs);
        hear(node, () => orders.note(node, order));
        hear(node, () => healths.note(node, { kind: "sampled", sample }));
      },
      connected(node) {
        hear(node, () => healths.note(node, { kind: "connected", atMs: clock.now() }));
      },
      lost(node, cause) {
        const trouble = troubleOf(node, cause);
        hear(node, () => healths.note(node, { kind: "lost", trouble, atMs: clock.now() }, cause));
      },
      hub(node, event) {
        hear(node, () => healths.note(node, { kind: "hub", event, atMs: clock.now() }));
      },
    },
  };
}

function troubleOf(node: NodeId, cause: unknown): NodeTrouble {
  const { cause: code, remedy } = lossOf(node, cause);
  return { code, words: cause instanceof Error ? cause.message : String(cause), remedy };
}

interface Room {
  readonly held: ReturnType<Reservations["byNode"]>;
  readonly growing: ReturnType<Growth["byNode"]>;
}

function viewsOf(specs: readonly NodeSpec[], room: Room, healths: HealthBook, orders: OrderBook): NodeView[] {
  return specs.map((spec) => toView(spec, room, healths, orders));
}

function toView(spec: NodeSpec, room: Room, healths: HealthBook, orders: OrderBook): NodeView {
  const reservations = room.held.get(spec.id) ?? [];
  const growing = room.growing.get(spec.id) ?? [];
  const heard = { spec, ...healths.find(spec.id), reservations, growing };
  const view = withListed(heard, orders.listed(spec.id));
  const closure = orders.closure(view, orders.find(spec.id));
  return closure === undefined ? view : { ...view, closure };
}
