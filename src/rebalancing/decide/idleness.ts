import { span } from "../../amounts.ts";
import { keyText } from "../../model.ts";
import type { ProcessIdentity } from "../../sighting.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { Activity, RunningServer, Situation } from "./situation.ts";

/** A server that may be stopped where that helps. */
export interface Idle {
  readonly kind: "idle";
  readonly sinceMs: number;
  readonly ignoresTabs: boolean;
  readonly process: ProcessIdentity;
  readonly memoryBytes: number;
}

/** A server that may not, and why, in words. */
export interface NotIdle {
  readonly kind: "busy" | "silent" | "kept" | "resting";
  readonly why: string;
}

/** Whether a server is idle for sure. What is not known for sure is never stopped. */
export function judge(server: RunningServer, situation: Situation, policy: RebalancePolicy): Idle | NotIdle {
  const { atMs, kept } = situation;
  const { activity, process } = server;
  if (activity === undefined) return { kind: "silent", why: "says nothing of itself" };
  if (process === undefined) return { kind: "silent", why: "its process is not known" };
  const silentMs = atMs - activity.saidAtMs;
  if (silentMs > policy.staleAfterMs) {
    return { kind: "silent", why: `has said nothing of itself for ${span(silentMs)}` };
  }
  const keptMs = (kept.get(keyText(server.key)) ?? atMs) - atMs;
  if (keptMs > 0) return { kind: "kept", why: `kept by its owner for another ${span(keptMs)}` };
  const rest = whyResting(server, situation, policy);
  if (rest !== undefined) return { kind: "resting", why: rest };
  const idle = idleSince(activity, atMs, policy);
  if (idle === undefined) return { kind: "busy", why: whyBusy(activity, atMs) };
  return { kind: "idle", ...idle, process, memoryBytes: activity.memoryBytes };
}

function whyResting(
  { key, startedAtMs = -Infinity }: RunningServer,
  { atMs, past }: Situation,
  { restMs }: RebalancePolicy,
): string | undefined {
  const text = keyText(key);
  const movedMs = past.moves.filter((move) => keyText(move.key) === text).map((move) => move.atMs);
  const sinceMovedMs = atMs - Math.max(-Infinity, ...movedMs);
  if (sinceMovedMs < restMs) return `moved ${span(sinceMovedMs)} ago`;
  return atMs - startedAtMs < restMs ? `started ${span(atMs - startedAtMs)} ago` : undefined;
}

/** Since when it is idle, if that is long enough. */
function idleSince(
  { idleSinceMs, idleButTabsSinceMs }: Activity,
  atMs: number,
  { idle }: RebalancePolicy,
): Pick<Idle, "sinceMs" | "ignoresTabs"> | undefined {
  const { afterMs, ignoreTabsAfterMs = Infinity } = idle;
  if (idleSinceMs !== undefined && atMs - idleSinceMs >= afterMs) {
    return { sinceMs: idleSinceMs, ignoresTabs: false };
  }
  if (idleButTabsSinceMs === undefined) return undefined;
  const isLong = atMs - idleButTabsSinceMs >= Math.max(afterMs, ignoreTabsAfterMs);
  return isLong ? { sinceMs: idleButTabsSinceMs, ignoresTabs: true } : undefined;
}

function whyBusy({ idleSinceMs, busyWith = "in use" }: Activity, atMs: number): string {
  return idleSinceMs === undefined ? busyWith : `active ${span(atMs - idleSinceMs)} ago`;
}
