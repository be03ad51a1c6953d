import type { Closure, MaintenanceSpan } from "../../../model.ts";
import { showTime } from "../../../wall-clock.ts";

/** What the users of a node that is to become empty are told, in one sentence; undefined if it is to stay as it is. */
export function closingWords(
  node: string,
  closure: Closure | undefined,
  nowMs: number,
  timeZone: string,
): string | undefined {
  if (closure === undefined || closure.state === "cordoned") return undefined;
  const { order, maintenance } = closure;
  if (maintenance !== undefined) return maintenanceWords(node, maintenance, nowMs, timeZone);
  const why = order?.reason === undefined ? "" : `: ${order.reason}`;
  const deadlineMs = order?.kind === "drain" ? order.deadlineMs : undefined;
  if (deadlineMs === undefined) return `${node} is being taken out of service${why}.`;
  const end = showTime(deadlineMs, nowMs, timeZone);
  return nowMs < deadlineMs ? `${node} closes at ${end}${why}.` : `${node} was to be empty by ${end}${why}.`;
}

/** When a node closes, if that is known. */
export function closesAtMs({ order, maintenance }: Closure): number | undefined {
  if (maintenance !== undefined) return maintenance.startMs;
  return order?.kind === "drain" ? order.deadlineMs : undefined;
}

function maintenanceWords(
  node: string,
  { startMs, endMs }: MaintenanceSpan,
  nowMs: number,
  timeZone: string,
): string {
  const end = showTime(endMs, nowMs, timeZone);
  if (startMs <= nowMs) return `${node} is in maintenance until ${end}.`;
  return `${node} closes at ${showTime(startMs, nowMs, timeZone)} for maintenance until ${end}.`;
}
