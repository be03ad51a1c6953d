import { keyText } from "../../model.ts";
import type { NodeId, Reservation, ServerKey, ServerName, UserName } from "../../model.ts";
import type { Clock } from "../../ports.ts";

/** Room held on nodes for servers that are starting; one reservation a server. */
export interface Reservations {
  hold(key: ServerKey, node: NodeId, room: Room): void;
  /** The server runs: what is held counts until the node's own figures, sampled later, speak for it. */
  settle(key: ServerKey): void;
  /** Nothing starts: what is held is given back at once. */
  release(key: ServerKey): void;
  /** Another server has the devices that are held: they are left alone until its node tells of that. */
  bar(key: ServerKey): void;
  /** The devices held for it there. */
  gpusHeld(key: ServerKey, node: NodeId): readonly string[] | undefined;
  /** Where room is held for a start under way. */
  heldOn(key: ServerKey): NodeId | undefined;
  byNode(): ReadonlyMap<NodeId, readonly Reservation[]>;
  /** That node has said how many servers ran there then. */
  noteCount(node: NodeId, atMs: number): void;
}

type Room = Pick<Reservation, "memoryBytes" | "gpus">;

export interface ReservationOptions {
  /** Held this long at most, whatever happens to the start: longer than any start may take. */
  readonly expireAfterMs: number;
}

/** A count this long after a start shows the server that was started; which devices it has, some seconds later. */
const SETTLE_MS = 500;
/** Held this long at most after a start, should no sample come. */
const FORGET_AFTER_MS = 15_000;

interface Held extends Reservation {
  readonly startedAtMs?: number;
}

export function createReservations(
  { clock }: { readonly clock: Pick<Clock, "now"> },
  { expireAfterMs }: ReservationOptions,
): Reservations {
  const held = new Map<string, Held>();

  function live(): readonly Held[] {
    const nowMs = clock.now();
    for (const [text, { expiresAtMs }] of held) if (expiresAtMs <= nowMs) held.delete(text);
    return [...held.values()];
  }

  return {
    hold(key, node, room) {
      live();
      held.set(keyText(key), { key, node, ...room, expiresAtMs: clock.now() + expireAfterMs });
    },
    settle(key) {
      const known = held.get(keyText(key));
      if (known === undefined || known.startedAtMs !== undefined) return;
      const startedAtMs = clock.now();
      const expiresAtMs = Math.min(known.expiresAtMs, startedAtMs + FORGET_AFTER_MS);
      held.set(keyText(key), { ...known, startedAtMs, expiresAtMs });
    },
    release(key) {
      held.delete(keyText(key));
    },
    bar(key) {
      const known = held.get(keyText(key));
      held.delete(keyText(key));
      if (known?.gpus === undefined) return;
      const barred = toNobody(known, clock.now());
      held.set(keyText(barred.key), barred);
    },
    gpusHeld(key, node) {
      const known = live().find((each) => keyText(each.key) === keyText(key));
      return known?.node === node ? known.gpus : undefined;
    },
    heldOn(key) {
      const known = held.get(keyText(key));
      const isUnderWay = known?.startedAtMs === undefined && (known?.expiresAtMs ?? 0) > clock.now();
      return isUnderWay ? known?.node : undefined;
    },
    byNode() {
      const nodes = new Map<NodeId, Reservation[]>();
      for (const { key, node, memoryBytes, gpus, expiresAtMs } of live()) {
        const there = nodes.get(node) ?? [];
        there.push({ key, node, memoryBytes, expiresAtMs, ...(gpus && { gpus }) });
        nodes.set(node, there);
      }
      return nodes;
    },
    noteCount(node, atMs) {
      for (const [text, { node: place, startedAtMs, gpus = [] }] of held) {
        if (place !== node || startedAtMs === undefined || gpus.length > 0) continue;
        if (atMs - startedAtMs >= SETTLE_MS) held.delete(text);
      }
    },
  };
}

/** The same room, for as long as it takes a node to tell who has it. */
function toNobody(held: Held, nowMs: number): Held {
  const key = { user: "" as UserName, server: keyText(held.key) as ServerName };
  return { ...held, key, memoryBytes: 0, startedAtMs: nowMs, expiresAtMs: nowMs + FORGET_AFTER_MS };
}
