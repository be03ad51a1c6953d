import { count } from "../../../amounts.ts";
import type { NodeId, NodeView } from "../../../model.ts";

/** A node's hub, and since when nobody has had a server there. */
export interface HubUse {
  readonly node: NodeId;
  readonly isRunning: boolean;
  /** Of the router's clock; absent while it is used, or that cannot be told. */
  readonly emptySinceMs?: number;
  /** It is a lobby, or kept warm. */
  readonly isKept: boolean;
}

/** What keeps a node's hub from counting as unused, in words; `listed` is how many servers it names itself. */
export function whyInUse(
  { spec, state, load, reservations }: NodeView,
  listed: number | undefined,
): string | undefined {
  if (state !== "up" || load === undefined) return "its node does not say how it is";
  if (reservations.length > 0) return "a server is being started there";
  if (load.servers > 0)
    return `${count(load.servers, "server")} ${load.servers === 1 ? "runs" : "run"} there`;
  if (listed === undefined) return "it does not say who uses it";
  if (spec.places === "jobs") return "nothing else tells where its jobs are";
  return listed > 0 ? `${count(listed, "server")} in its list` : undefined;
}

/** Whether a hub has been unused for so long that it may be stopped; `stopAfterMs` is absent for never. */
export function isUnneeded(
  { isRunning, isKept, emptySinceMs }: HubUse,
  stopAfterMs: number | undefined,
  nowMs: number,
): boolean {
  const isEmpty =
    stopAfterMs !== undefined && emptySinceMs !== undefined && nowMs - emptySinceMs >= stopAfterMs;
  return isRunning && !isKept && isEmpty;
}

/** Which hubs run although nobody asks: those named, those with a label that is named, or the first so many. */
export function warmNodes(nodes: readonly NodeView[], warm: number | readonly string[]): NodeId[] {
  const open = nodes.filter(({ closure, spec }) => closure === undefined && spec.isLeaving !== true);
  const wanted =
    typeof warm === "number"
      ? open.filter(({ state }) => state !== "down").slice(0, warm)
      : open.filter(({ spec }) => [spec.id, ...spec.labels].some((name) => warm.includes(name)));
  return wanted.map(({ spec }) => spec.id);
}
