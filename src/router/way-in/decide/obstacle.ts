import type { Sighting, SilentPlace } from "../../../sighting.ts";
import type { NodeId, Offer } from "../../../model.ts";
import type { Choice } from "./choice.ts";

/** What stands between a user and their server until it passes, or until they decide. */
export type Obstacle =
  | ({ readonly kind: "silent" } & Silence)
  /** The server runs, and the hub of its node does not know it any more. */
  | { readonly kind: "lost"; readonly sighting: Sighting; readonly keptUntilMs?: number }
  /** More than one server runs where there may be one. */
  | { readonly kind: "several"; readonly sightings: readonly Sighting[] }
  /** There are several kinds of machines, and the user has not said which. */
  | { readonly kind: "wish"; readonly offers: readonly ChoiceOffer[] };

/** A kind of machine that the site lets users choose, and what it has left. */
export interface ChoiceOffer extends Pick<Choice, "name" | "title"> {
  readonly offer: Offer;
}

/** Places that could hold the server do not answer. */
export interface Silence {
  readonly silent: readonly SilentPlace[];
  /** Whether the wait is over after which the user may start a new server elsewhere. */
  readonly mayStartElsewhere: boolean;
}

/** What only the user decides. */
export type Decision =
  | { readonly kind: "elsewhere" }
  /** Stop the server that its hub has lost, and start anew. */
  | { readonly kind: "stop-lost" }
  /** Leave it alone for some hours. */
  | { readonly kind: "keep-lost" }
  /** Of several servers keep the one on this node, and stop the others. */
  | { readonly kind: "choose"; readonly node: NodeId }
  | { readonly kind: "wish"; readonly name: string };

/** Whether the obstacle leaves this decision to the user. */
export function mayDecide(obstacle: Obstacle | undefined, decision: Decision): boolean {
  switch (obstacle?.kind) {
    case undefined:
      return false;
    case "silent":
      return decision.kind === "elsewhere" && obstacle.mayStartElsewhere;
    case "lost":
      return mayDecideOnLost(obstacle.sighting, decision);
    case "several":
      return decision.kind === "choose" && isChoice(obstacle.sightings, decision.node);
    case "wish":
      return obstacle.offers.some(({ name }) => decision.kind === "wish" && name === decision.name);
  }
}

function mayDecideOnLost(sighting: Sighting, { kind }: Decision): boolean {
  return kind === "keep-lost" || (kind === "stop-lost" && isStoppable(sighting));
}

/** Whether it can be said exactly enough which process to stop. */
export function isStoppable({ isOrphan, process }: Sighting): boolean {
  return isOrphan === undefined || process !== undefined;
}

/** One that its hub has lost cannot be opened, and the others have to be stoppable. */
function isChoice(sightings: readonly Sighting[], node: NodeId): boolean {
  const chosen = sightings.find((sighting) => sighting.node === node);
  return chosen !== undefined && !chosen.isOrphan && without(sightings, node).every(isStoppable);
}

export function without(sightings: readonly Sighting[], node: NodeId): readonly Sighting[] {
  return sightings.filter((sighting) => sighting.node !== node);
}
