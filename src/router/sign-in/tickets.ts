import type { KeyObject } from "node:crypto";
import type { NodeId } from "../../model.ts";
import type { Clock, Random } from "../../ports.ts";
import { mintTicket, type Tickets, type TicketOrder } from "./decide/ticket.ts";

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  /** How far a node's clock is ahead of ours; 0 while it is not known. */
  readonly clockOffsetMs: (node: NodeId) => number;
}

/** Mints with an Ed25519 private key; the hubs know the public keys, two while they are rotated. */
export function createTickets({ clock, random, clockOffsetMs }: Deps, key: () => KeyObject): Tickets {
  function mint(order: Omit<TicketOrder, "nowMs" | "clockOffsetMs" | "id">): string {
    const stamp = { nowMs: clock.now(), clockOffsetMs: clockOffsetMs(order.node), id: random.token(18) };
    return mintTicket({ ...order, ...stamp }, key());
  }

  return {
    login: ({ id, user, groups, areGroupsCut }, node, nonce) =>
      mint({
        use: "login",
        user,
        node,
        nonce,
        sessionId: id,
        ...(areGroupsCut === undefined ? some(groups) : {}),
      }),
    introduce: (user, node, start) =>
      mint({ use: "introduce", user, node, ...(start === undefined ? {} : { start }) }),
    signOut: (user, node, sessionId) =>
      mint({ use: "signout", user, node, ...(sessionId === undefined ? {} : { sessionId }) }),
  };
}

/** A lobby without groups says nothing about those a hub knows by itself. */
function some(groups: readonly string[]): Pick<TicketOrder, "groups"> {
  return groups.length > 0 ? { groups } : {};
}
