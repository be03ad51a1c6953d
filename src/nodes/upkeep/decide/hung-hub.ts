import type { HubView, NodeView } from "../../../model.ts";
import { SILENT } from "../../cluster/decide/hub-state.ts";

/** What was seen of a hub that may hang. Times of the router's clock. */
export interface HangWatch {
  /** It has not answered since, and its node has been well since. */
  readonly silentSinceMs?: number;
  /** It has answered since. */
  readonly readySinceMs?: number;
  /** It was started anew so often, and it did not last. */
  readonly restarts: number;
}

export const UNWATCHED: HangWatch = { restarts: 0 };

/**
 * After each restart that did not last, the next is twice as long in coming, so that nothing is started in a circle; up
 * to an hour, for what kept the hub from answering may be over by then, and until it does nobody can start a server there.
 */
const LONGEST_MS = 3_600_000;
/** It has answered for so long: what was before is over. */
const LASTING_MS = 3_600_000;
/** A sample older than this does not say that the node is well. */
const FRESH_MS = 30_000;

export function nextWatch(watch: HangWatch, view: NodeView, nowMs: number): HangWatch {
  const { restarts } = watch;
  if (view.hub?.state === "ready") {
    const readySinceMs = watch.readySinceMs ?? nowMs;
    return { readySinceMs, restarts: nowMs - readySinceMs >= LASTING_MS ? 0 : restarts };
  }
  const isSilent = isWell(view, nowMs) && isSilentHub(view.hub, watch);
  return isSilent ? { silentSinceMs: watch.silentSinceMs ?? nowMs, restarts } : { restarts };
}

function isWell({ state, load }: NodeView, nowMs: number): boolean {
  return state === "up" && load !== undefined && nowMs - load.takenAtMs <= FRESH_MS;
}

/** By a look at it, or by a start. One that others have asked for, and that fails, does not end the silence. */
function isSilentHub(hub: HubView | undefined, { silentSinceMs }: HangWatch): boolean {
  if (hub?.state === "starting") return silentSinceMs !== undefined;
  return hub?.state === "failing" && (hub.code === SILENT || hub.code === "HUB_NOT_HEALTHY");
}

/** Whether it is time to start the hub anew. */
export function isHung({ silentSinceMs, restarts }: HangWatch, hungAfterMs: number, nowMs: number): boolean {
  const patienceMs = Math.min(hungAfterMs * 2 ** restarts, Math.max(hungAfterMs, LONGEST_MS));
  return silentSinceMs !== undefined && nowMs - silentSinceMs >= patienceMs;
}

export function afterRestart({ restarts }: HangWatch): HangWatch {
  return { restarts: restarts + 1 };
}
