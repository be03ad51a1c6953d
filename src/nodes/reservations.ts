import { keyText } from "../model.ts";
import type { NodeId, Reservation, ServerKey } from "../model.ts";
import type { Clock } from "../ports.ts";

/** Room held on nodes for servers that are starting; one reservation a server. */
export interface Reservations {
  hold(key: ServerKey, node: NodeId, memoryBytes: number): void;
  /** The start ended: what is held counts until the node's own figures, sampled later, speak for it. */
  release(key: ServerKey): void;
  /** Where room is held for a start under way. */
  heldOn(key: ServerKey): NodeId | undefined;
  byNode(): ReadonlyMap<NodeId, readonly Reservation[]>;
  /** A sample of that node came in now. */
  noteSample(node: NodeId): void;
}

export interface ReservationOptions {
  /** Held this long at most, whatever happens to the start: longer than any start may take. */
  readonly expireAfterMs: number;
  /** A sample this long after the end of a start shows the server that was started. */
  readonly settleMs?: number;
  /** Held this long at most after the end of a start, should no sample come. */
  readonly forgetAfterMs?: number;
}

interface Held extends Reservation {
  readonly releasedAtMs?: number;
}

export function createReservations(
  { clock }: { readonly clock: Clock },
  { expireAfterMs, settleMs = 500, forgetAfterMs = 15_000 }: ReservationOptions,
): Reservations {
  const held = new Map<string, Held>();

  function live(): readonly Held[] {
    const nowMs = clock.now();
    for (const [text, { expiresAtMs }] of held) if (expiresAtMs <= nowMs) held.delete(text);
    return [...held.values()];
  }

  return {
    hold(key, node, memoryBytes) {
      live();
      held.set(keyText(key), { key, node, memoryBytes, expiresAtMs: clock.now() + expireAfterMs });
    },
    release(key) {
      const known = held.get(keyText(key));
      if (known === undefined || known.releasedAtMs !== undefined) return;
      const releasedAtMs = clock.now();
      const expiresAtMs = Math.min(known.expiresAtMs, releasedAtMs + forgetAfterMs);
      held.set(keyText(key), { ...known, releasedAtMs, expiresAtMs });
    },
    heldOn(key) {
      const known = held.get(keyText(key));
      const isUnderWay = known?.releasedAtMs === undefined && (known?.expiresAtMs ?? 0) > clock.now();
      return isUnderWay ? known?.node : undefined;
    },
    byNode() {
      const nodes = new Map<NodeId, Reservation[]>();
      for (const { key, node, memoryBytes, expiresAtMs } of live()) {
        const there = nodes.get(node) ?? [];
        there.push({ key, node, memoryBytes, expiresAtMs });
        nodes.set(node, there);
      }
      return nodes;
    },
    noteSample(node) {
      const nowMs = clock.now();
      for (const [text, { node: place, releasedAtMs }] of held) {
        if (place === node && releasedAtMs !== undefined && nowMs - releasedAtMs >= settleMs)
          held.delete(text);
      }
    },
  };
}
