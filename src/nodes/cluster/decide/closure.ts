import type { Closure, MaintenanceSpan, NodeOrder } from "../../../model.ts";
import { REBALANCING } from "../../../plan.ts";
import { showTime } from "../../../wall-clock.ts";

/** What a node's closure depends on. */
export interface ClosureCauses {
  readonly order?: NodeOrder | undefined;
  /** That of now, or the next one. */
  readonly maintenance?: MaintenanceSpan | undefined;
  /** It is no longer in the hosts file. */
  readonly isLeaving: boolean;
  /** Nothing runs there, and nothing is starting. */
  readonly isEmpty: boolean;
}

/**
 * Whether and why a node takes no new servers. A cordon and a maintenance end by their time, a drain and a departure
 * only by hand.
 */
export function closureOf(causes: ClosureCauses, nowMs: number, timeZone: string): Closure | undefined {
  const order = inForce(causes.order, nowMs);
  const maintenance = underWay(causes.maintenance, order, nowMs);
  if (!causes.isLeaving && order === undefined && maintenance === undefined) return undefined;
  const state = stateOf(causes, order, maintenance);
  const departure = causes.isLeaving ? `${state}, as it has left the hosts file` : undefined;
  const window = maintenance && maintenanceWords(maintenance, state, nowMs, timeZone);
  const asked = order && orderWords(order, state, nowMs, timeZone);
  const words = [departure, window, asked].filter((reason) => reason !== undefined).join("; ");
  return { state, words, ...(order && { order }), ...(maintenance && { maintenance }) };
}

function stateOf(
  { isLeaving, isEmpty }: ClosureCauses,
  order: NodeOrder | undefined,
  maintenance: MaintenanceSpan | undefined,
): Closure["state"] {
  if (!isLeaving && maintenance === undefined && order?.kind === "cordon") return "cordoned";
  return isEmpty ? "drained" : "draining";
}

/** What a person asks goes before it. */
function underWay(
  maintenance: MaintenanceSpan | undefined,
  order: NodeOrder | undefined,
  nowMs: number,
): MaintenanceSpan | undefined {
  if (maintenance === undefined || (order !== undefined && order.by !== REBALANCING)) return undefined;
  return maintenance.closesMs <= nowMs && nowMs < maintenance.endMs ? maintenance : undefined;
}

/** "draining for maintenance from 02:00 CET until 06:00 CET"; once it has begun "draining, maintenance until 06:00 CET". */
function maintenanceWords(
  { startMs, endMs }: MaintenanceSpan,
  state: Closure["state"],
  nowMs: number,
  timeZone: string,
): string {
  const end = showTime(endMs, nowMs, timeZone);
  if (startMs <= nowMs) return `${state}, maintenance until ${end}`;
  return `${state} for maintenance from ${showTime(startMs, nowMs, timeZone)} until ${end}`;
}

function inForce(order: NodeOrder | undefined, nowMs: number): NodeOrder | undefined {
  const endMs = order?.kind === "cordon" ? order.untilMs : undefined;
  return endMs === undefined || nowMs < endMs ? order : undefined;
}

/** "cordoned by alice until 18:00 CET: kernel update". */
function orderWords(order: NodeOrder, state: Closure["state"], nowMs: number, timeZone: string): string {
  const why = order.reason === undefined ? "" : `: ${order.reason}`;
  if (order.kind === "cordon") {
    const end = order.untilMs === undefined ? "" : ` until ${showTime(order.untilMs, nowMs, timeZone)}`;
    return `cordoned by ${order.by}${end}${why}`;
  }
  return `${state}, asked by ${order.by}${deadlineWords(order.deadlineMs, state, nowMs, timeZone)}${why}`;
}

function deadlineWords(
  deadlineMs: number | undefined,
  state: string,
  nowMs: number,
  timeZone: string,
): string {
  if (deadlineMs === undefined || state === "drained") return "";
  const verb = nowMs < deadlineMs ? "to be" : "was to be";
  return `, ${verb} empty by ${showTime(deadlineMs, nowMs, timeZone)}`;
}
