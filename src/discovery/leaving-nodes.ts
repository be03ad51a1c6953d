import { createLoop } from "../lifecycle.ts";
import type { HomeReading } from "../home-model.ts";
import type { NodeId } from "../model.ts";
import type { Clock, Log, Service } from "../ports.ts";
import { emptyNodes } from "./decide/empty-nodes.ts";
import type { Survey } from "./survey.ts";

export interface LeavingNodesDeps {
  /** The nodes that have left the hosts file. */
  readonly leaving: () => readonly NodeId[];
  readonly release: (node: NodeId) => void;
  readonly survey: Pick<Survey, "reports" | "search">;
  readonly homes: () => Iterable<HomeReading>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LeavingNodesOptions {
  readonly everyMs: number;
  /** How long a node that nothing speaks of must have been silent before it is gone. */
  readonly silentMs: number;
}

/** Lets nodes go that have left the hosts file, once nothing runs there any more. */
export function createLeavingNodes(
  deps: LeavingNodesDeps,
  { everyMs, silentMs }: LeavingNodesOptions,
): Service {
  const { survey, homes, clock } = deps;
  const sinceMs = clock.now();

  async function step(signal: AbortSignal): Promise<void> {
    const leaving = deps.leaving();
    if (leaving.length === 0) return;
    await survey.search(leaving, signal);
    const look = { reports: survey.reports(), homes: homes(), nowMs: clock.now(), sinceMs, silentMs };
    for (const node of emptyNodes(leaving, look)) deps.release(node);
  }

  return createLoop("leaving nodes", everyMs, step, deps);
}
