import type { NodeVerdict } from "../../../model.ts";
import type { Candidate } from "./ranking.ts";

/**
 * Sets aside the nodes that went down too often of late, but only while a steady one can take the server: when the
 * router's own network has flapped, all of them did, and they are as good as each other.
 */
export function setUnsteadyAside(candidates: readonly Candidate[]): {
  readonly takers: readonly Candidate[];
  readonly aside: readonly NodeVerdict[];
} {
  const steady = candidates.filter(({ view }) => view.damping === undefined);
  if (steady.length === 0) return { takers: candidates, aside: [] };
  const aside = candidates.flatMap(({ view: { spec, damping } }): NodeVerdict[] =>
    damping === undefined
      ? []
      : [{ node: spec.id, accepted: false, reasons: [`unsteady: ${damping.words}`] }],
  );
  return { takers: steady, aside };
}
