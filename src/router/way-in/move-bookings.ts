import { keyText, type NodeId, type ServerKey } from "../../model.ts";
import type { Avoid, Clock, Placer } from "../../ports.ts";
import type { WayIn } from "./decide/way-in.ts";
import type { HubFailures } from "./hub-failures.ts";

export interface MoveBookingsDeps {
  readonly placer: Pick<Placer, "explain" | "place" | "release">;
  readonly failures: Pick<HubFailures, "reasons">;
  readonly clock: Pick<Clock, "now">;
}

/** Where servers go whose owners move them, and the nodes they come from: for some minutes their last choice. */
export interface MoveBookings extends Pick<WayIn, "explain" | "bookMove" | "cancelMove"> {
  /** What the placement of this server leaves out if it can. */
  avoided(key: ServerKey): Avoid;
}

/** Long enough for a server to be stopped and started again. */
const REMEMBER_MS = 300_000;

export function createMoveBookings({ placer, failures, clock }: MoveBookingsDeps): MoveBookings {
  const left = new Map<string, { readonly node: NodeId; readonly untilMs: number }>();

  function leftBy(key: ServerKey): NodeId | undefined {
    for (const [name, { untilMs }] of left) if (untilMs <= clock.now()) left.delete(name);
    return left.get(keyText(key))?.node;
  }

  function avoided(key: ServerKey, off = leftBy(key)): Avoid {
    const own: Avoid = off === undefined ? new Map() : new Map([[off, "its owner moves it off this node"]]);
    return new Map([...failures.reasons(), ...own]);
  }

  return {
    avoided,
    explain: (key, wish, off) => placer.explain(key, avoided(key, off), wish),
    bookMove(key, wish, off) {
      const placement = placer.place(key, avoided(key, off), wish);
      if (placement.kind === "placed") {
        left.set(keyText(key), { node: off, untilMs: clock.now() + REMEMBER_MS });
      }
      return placement;
    },
    cancelMove(key) {
      left.delete(keyText(key));
      placer.release(key);
    },
  };
}
