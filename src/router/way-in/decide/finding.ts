import type { Location, Sighting, SilentPlace } from "../../../sighting.ts";
import type { NodeId } from "../../../model.ts";
import type { Obstacle } from "./obstacle.ts";

/** What a look for one server means for the way to it. */
export type Finding =
  | { readonly kind: "there"; readonly there: There }
  | { readonly kind: "none"; readonly supersedes?: string }
  | { readonly kind: "stopping"; readonly node: NodeId }
  | { readonly kind: "obstacle"; readonly obstacle: Obstacle; readonly supersedes?: string };

/** A server, or its place, on a node. */
export interface There extends Pick<Sighting, "node" | "seenAtMs" | "evidence"> {
  readonly state: "ready" | "starting" | "stopped";
}

export interface Patience {
  readonly nowMs: number;
  /** When the search began. */
  readonly sinceMs: number;
  /** How long a place must have been silent before its user may start a new server elsewhere. */
  readonly startElsewhereAfterMs: number;
}

export function toFinding(location: Location, patience: Patience): Finding {
  if (location.kind === "found") return judge([location.sighting, ...location.others]);
  const { supersedes } = location;
  const replaceable = supersedes !== undefined && { supersedes };
  if (location.kind === "none") return { kind: "none", ...replaceable };
  const { silent } = location;
  const mayStartElsewhere = silent.every((place) => isOverdue(place, patience));
  return { kind: "obstacle", obstacle: { kind: "silent", silent, mayStartElsewhere }, ...replaceable };
}

function judge(sightings: readonly [Sighting, ...Sighting[]]): Finding {
  const [first, ...more] = sightings.filter(({ pending }) => pending !== "stop");
  if (first === undefined) return { kind: "stopping", node: sightings[0].node };
  if (more.length > 0)
    return { kind: "obstacle", obstacle: { kind: "several", sightings: [first, ...more] } };
  if (first.isOrphan) return { kind: "obstacle", obstacle: { kind: "lost", sighting: first } };
  return { kind: "there", there: toThere(first) };
}

function toThere({ node, seenAtMs, evidence, ready, pending }: Sighting): There {
  const state = ready ? "ready" : pending === "spawn" ? "starting" : "stopped";
  return { node, seenAtMs, evidence, state };
}

function isOverdue(
  { lastSeenMs }: SilentPlace,
  { nowMs, sinceMs, startElsewhereAfterMs }: Patience,
): boolean {
  return nowMs - (lastSeenMs ?? sinceMs) >= startElsewhereAfterMs;
}
