import { within } from "../../deadline.ts";
import type { ClusterSnapshot, NodeId } from "../../model.ts";
import { isAbout } from "../../plan.ts";
import type { Clock, StopNotices } from "../../ports.ts";
import type { Sighting } from "../../sighting.ts";
import { byUrgency, occupantAnswer, type OccupantAnswer, type Occupants } from "./decide/occupants.ts";

export interface OccupantsDeps {
  /** Everybody's servers. */
  readonly running: {
    lookAfresh(nodes: readonly NodeId[], signal: AbortSignal): Promise<void>;
    sightings(): readonly Sighting[];
  };
  readonly stopNotices: Pick<StopNotices, "of">;
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly clock: Clock;
}

/** Who is on a node, as it says now; as it said last where it does not answer in time. */
export function createOccupants(deps: OccupantsDeps, { lookMs }: { readonly lookMs: number }): Occupants {
  const { running, stopNotices, cluster, clock } = deps;

  async function toAnswer(sighting: Sighting): Promise<OccupantAnswer> {
    const { key, node } = sighting;
    const notices = await stopNotices.of(key.user);
    const notice = notices.find((each) => isAbout(each, sighting));
    const view = cluster.snapshot().nodes.find(({ spec }) => spec.id === node);
    return occupantAnswer(sighting, { notice, clockOffsetMs: view?.load?.clockOffsetMs ?? 0 });
  }

  return async (node, signal) => {
    const ends = { signal, deadline: clock.deadline(lookMs) };
    await within(ends, (either) => running.lookAfresh([node], either)).catch(() => undefined);
    signal.throwIfAborted();
    const there = running.sightings().filter((sighting) => sighting.node === node);
    return (await Promise.all(there.map(toAnswer))).sort(byUrgency);
  };
}
