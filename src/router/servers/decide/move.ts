import type { NodeId, ServerKey } from "../../../model.ts";
import type { Sighting } from "../../../sighting.ts";
import type { Verdict } from "../../way-in/decide/journey.ts";
import { stateOf } from "../../way-in/decide/server-words.ts";
import type { PlacementRecord, Traveller } from "../../way-in/decide/way-in.ts";

/** The service behind `/home/move`: `moves.ts`. */
export interface Moves {
  /** What would come of a move now; nothing is stopped or reserved. */
  consider(key: ServerKey, signal: AbortSignal): Promise<MoveOutlook>;
  /** Stops the server on that node once there is room for it elsewhere, and begins the way there; or says why not. */
  move(traveller: Traveller, key: ServerKey, from: NodeId): Promise<MoveRefused | undefined>;
}

/** What would come of moving a server now. */
export type MoveOutlook = MovePossible | MoveRefused;

export interface MovePossible {
  readonly kind: "possible";
  readonly sighting: Sighting;
  readonly target: NodeId;
  readonly verdicts: readonly Verdict[];
}

/** Nothing is stopped. */
export interface MoveRefused {
  readonly kind: "refused";
  /** "best": no node would do better. "nowhere": no other node can take it. "not-now": it is not simply running. */
  readonly why: "best" | "nowhere" | "not-now";
  /** For its owner. */
  readonly words: string;
  readonly verdicts: readonly Verdict[];
}

/** Tables of the placement as it would be now: of all nodes, and with the present one left out. */
export interface MoveTables {
  readonly all: Table;
  readonly elsewhere: Table;
}

type Table = Pick<PlacementRecord, "node" | "verdicts">;

/** Which of its owner's servers a move is about, or why it cannot be moved now. */
export function movable(sightings: readonly Sighting[], key: ServerKey): Sighting | MoveRefused {
  const [first, ...others] = sightings.filter((sighting) => sighting.key.server === key.server);
  if (first === undefined) return notNow("It is not running: its next start chooses a node anyway.");
  if (others.length > 0) {
    const nodes = [first, ...others].map(({ node }) => node).join(" and ");
    return notNow(`Servers of this name run on ${nodes}. Decide first which of them you keep.`);
  }
  const state = stateOf(first);
  if (state === "ready") return first;
  if (state === "lost") return notNow(`JupyterHub on ${first.node} has lost it. Decide first what to do.`);
  return notNow(`It is ${state}. Try again in a moment.`);
}

/** Where it would go; refused where it is best off, and where no other node would take it. */
export function outlookOf(sighting: Sighting, { all, elsewhere }: MoveTables): MoveOutlook {
  const { node } = sighting;
  if (all.node === node) {
    const words = `A server that starts now would be put on ${node} as well.`;
    return { kind: "refused", why: "best", words, verdicts: all.verdicts };
  }
  const { node: target, verdicts } = elsewhere;
  return target === undefined || target === node
    ? nowhere(verdicts)
    : { kind: "possible", sighting, target, verdicts };
}

export function nowhere(verdicts: readonly Verdict[]): MoveRefused {
  return { kind: "refused", why: "nowhere", words: "No other node would take it.", verdicts };
}

export function notNow(words: string): MoveRefused {
  return { kind: "refused", why: "not-now", words, verdicts: [] };
}
