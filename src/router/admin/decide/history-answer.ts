import type { LoadHistory } from "../../../load-history.ts";
import { iso } from "../../../wall-clock.ts";

/** How loaded a node was: `/api/v1/nodes/{node}/history`. */
interface HistoryAnswer {
  readonly node: string;
  /** How far its points are apart, if it told all the time. */
  readonly everyMs: number;
  readonly points: readonly {
    readonly at: string;
    readonly memory: number;
    readonly load: number;
    readonly servers: number;
  }[];
}

export function historyAnswer(node: string, history: LoadHistory): HistoryAnswer {
  const points = history.of(node).map(({ atMs, memory, load, servers }) => ({
    at: iso(atMs),
    memory: Math.round(memory * 1000) / 1000,
    load: Math.round(load * 1000) / 1000,
    servers,
  }));
  return { node, everyMs: history.everyMs, points };
}
