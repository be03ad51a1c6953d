import { createLeavingNodes } from "../discovery/leaving-nodes.ts";
import type { Homes } from "../discovery/locate.ts";
import type { Survey } from "../discovery/survey.ts";
import type { Service } from "../ports.ts";
import type { NodeReach } from "./node-reach.ts";

/** Lets nodes go that have left the hosts file and are empty. */
export function composeLeavingNodes(
  { hosts, clock, log }: NodeReach,
  { survey, homes }: { readonly survey: Survey; readonly homes: Homes },
): Service {
  function leaving() {
    return hosts.all().flatMap(({ id, isLeaving }) => (isLeaving === true ? [id] : []));
  }
  const readings = { homes: () => homes.readings().values() };
  return createLeavingNodes(
    { leaving, release: hosts.release, survey, ...readings, clock, log },
    { everyMs: 10_000, silentMs: 86_400_000 },
  );
}
