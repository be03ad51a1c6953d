import type { Closure, NodeId, NodeOrder, NodeView, ServerKey } from "../../model.ts";
import type { Clock, Log } from "../../ports.ts";
import { closureOf } from "./decide/closure.ts";
import { createMaintenanceBook } from "../inventory/maintenance-book.ts";

/** The servers that a node's hub lists; undefined while that cannot be told. */
export type Listed = (node: NodeId) => readonly ServerKey[] | undefined;

/** What was asked of nodes, as they said last: it also holds for one that is down. */
export interface OrderBook {
  /** Whether that is news. */
  note(node: NodeId, order: NodeOrder | undefined): boolean;
  forget(node: NodeId): void;
  find(node: NodeId): NodeOrder | undefined;
  /** The closure of a node with this order. */
  readonly closure: (view: NodeView, order: NodeOrder | undefined) => Closure | undefined;
  readonly heedLists: (source: Listed) => void;
  readonly listed: Listed;
}

export function createOrderBook({ clock, log }: { readonly clock: Clock; readonly log: Log }): OrderBook {
  const orders = new Map<NodeId, NodeOrder>();
  const maintenanceOf = createMaintenanceBook(clock);
  const lists: { keysOn: Listed } = { keysOn: () => undefined };

  return {
    note(node, order) {
      if (JSON.stringify(orders.get(node)) === JSON.stringify(order)) return false;
      if (order === undefined) orders.delete(node);
      else orders.set(node, order);
      log.info({ node, order }, order === undefined ? "node has no order any more" : "node has an order");
      return true;
    },
    forget(node) {
      orders.delete(node);
    },
    find: (node) => orders.get(node),
    closure({ spec, load, reservations }, order) {
      const isEmpty = load?.servers === 0 && reservations.length === 0 && lists.keysOn(spec.id)?.length === 0;
      const maintenance = maintenanceOf(spec.maintenance);
      const standing = { order, maintenance, isLeaving: spec.isLeaving === true, isEmpty };
      return closureOf(standing, clock.now(), clock.timeZone);
    },
    listed: (node) => lists.keysOn(node),
    heedLists(source) {
      lists.keysOn = source;
    },
  };
}
