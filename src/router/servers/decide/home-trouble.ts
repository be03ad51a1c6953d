import type { HomeCounts, HomeReading } from "../../../home-model.ts";
import type { Sighting } from "../../../sighting.ts";
import type { UserName } from "../../../model.ts";
import { owesRecord } from "../../../record-age.ts";

/** What the router knows of the users' homes. */
export interface HomesSource {
  reading(user: UserName): HomeReading | undefined;
  counts(): HomeCounts;
}

/** Why a server could not be found again by its owner's home. */
export type HomeTrouble =
  | { readonly kind: "unreadable"; readonly reason: string }
  /** Servers that run, and that have written no record for more than two minutes. */
  | { readonly kind: "no-record"; readonly servers: readonly Sighting[] };

/** What is wrong with a home, as far as its user's servers are concerned; undefined if nothing is, or none is read. */
export function homeTrouble(
  home: HomeReading | undefined,
  sightings: readonly Sighting[],
): HomeTrouble | undefined {
  if (home === undefined) return undefined;
  if (home.kind === "unreadable") return { kind: "unreadable", reason: home.reason };
  const servers = sightings.filter(
    (sighting) => sighting.record === undefined && owesRecord(sighting, home.atMs),
  );
  return servers.length === 0 ? undefined : { kind: "no-record", servers };
}

/** The trouble in words; `whose`: "your" for the user, "alice's" for an admin. */
export function troubleText(trouble: HomeTrouble, whose: string): string {
  if (trouble.kind === "unreadable") {
    return `The router cannot read ${whose} home (${trouble.reason}). Servers are found as long as their nodes answer.`;
  }
  const nodes = trouble.servers.map(({ node }) => node).join(", ");
  return `A server on ${nodes} has left no record in ${whose} home: it is full, or not readable by the router. Should the node fail, the router may not know that it ran there.`;
}
