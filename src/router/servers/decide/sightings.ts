import type { Location, Sighting, SilentPlace } from "../../../sighting.ts";

/** The servers that were found, the one to go to first. */
export function sightingsIn(location: Location): readonly Sighting[] {
  return location.kind === "found" ? [location.sighting, ...location.others] : [];
}

/** The places that could hold a server and do not answer. */
export function silentIn(location: Location): readonly SilentPlace[] {
  return location.kind === "unknown" ? location.silent : [];
}
