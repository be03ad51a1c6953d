import { within } from "../../deadline.ts";
import type { Sighting } from "../../sighting.ts";
import { keyText, type NodeId, type ServerKey } from "../../model.ts";
import type { Audit, Clock, Locator } from "../../ports.ts";
import {
  movable,
  notNow,
  nowhere,
  outlookOf,
  type MoveOutlook,
  type MoveRefused,
  type Moves,
} from "./decide/move.ts";
import { sightingsIn } from "./decide/sightings.ts";
import type { Traveller, WayIn } from "../way-in/decide/way-in.ts";
import type { Remedies } from "../way-in/remedies.ts";

export interface MovesDeps {
  readonly locator: Pick<Locator, "locateAll" | "lookAfresh">;
  readonly remedies: Pick<Remedies, "stop">;
  readonly wayIn: Pick<WayIn, "recall" | "explain" | "bookMove" | "cancelMove" | "forget" | "retry">;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** Moves servers that their owners want elsewhere: room there first, then the stop, then the normal way in. */
export function createMoves(deps: MovesDeps, { deadlineMs }: { readonly deadlineMs: number }): Moves {
  const { locator, remedies, wayIn, audit, clock } = deps;
  const underWay = new Map<string, Promise<MoveRefused | undefined>>();

  async function look(key: ServerKey, signal: AbortSignal): Promise<MoveOutlook> {
    const found = await within({ signal, deadline: clock.deadline(deadlineMs) }, (either) =>
      find(key, either),
    );
    if ("why" in found) return found;
    const wish = await wayIn.recall(key);
    const elsewhere = wayIn.explain(key, wish, found.node);
    return outlookOf(found, { all: wayIn.explain(key, wish), elsewhere });
  }

  /** As its node says it now. */
  async function find(key: ServerKey, signal: AbortSignal): Promise<Sighting | MoveRefused> {
    const nodes = sightingsIn(await locator.locateAll(key.user, signal)).map(({ node }) => node);
    if (nodes.length > 0) await locator.lookAfresh([...new Set(nodes)], signal);
    return movable(sightingsIn(await locator.locateAll(key.user, signal)), key);
  }

  async function move(traveller: Traveller, key: ServerKey, from: NodeId): Promise<MoveRefused | undefined> {
    const outlook = await look(key, new AbortController().signal);
    if (outlook.kind === "refused") return outlook;
    const { sighting } = outlook;
    if (sighting.node !== from) return notNow(`It runs on ${sighting.node} now.`);
    const booked = wayIn.bookMove(key, await wayIn.recall(key), from);
    if (booked.kind === "none") return nowhere(booked.verdicts);
    await stop(sighting);
    await wayIn.forget(key, from);
    const act = { audit: "user-move", by: traveller.user, ...key, node: from, to: booked.node } as const;
    await audit.note(act, "owner moves a server");
    wayIn.retry(traveller, key);
    return undefined;
  }

  /** The room is given back if it does not end. */
  async function stop(sighting: Sighting): Promise<void> {
    try {
      await remedies.stop(sighting, new AbortController().signal);
    } catch (err) {
      wayIn.cancelMove(sighting.key);
      throw err;
    }
  }

  return {
    consider: look,
    move(traveller, key, from) {
      const name = keyText(key);
      const known = underWay.get(name) ?? move(traveller, key, from).finally(() => underWay.delete(name));
      underWay.set(name, known);
      return known;
    },
  };
}
