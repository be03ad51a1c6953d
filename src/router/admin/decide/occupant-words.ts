import { span } from "../../../amounts.ts";
import { nameOf, type OccupantAnswer } from "./occupants.ts";

/** The head of a table of who is on a node, for page and command line. */
export const OCCUPANT_HEAD: readonly string[] = ["User", "State", "In it", "Runs for", "Idle for", "Stopped"];

/** One row of it. */
export function occupantCells(occupant: OccupantAnswer, nowMs: number): readonly string[] {
  const { state, doing, startedAt, idleSince, stopNotBefore } = occupant;
  return [
    nameOf(occupant),
    state,
    doing,
    since(startedAt, nowMs),
    idleWords(occupant, idleSince, nowMs),
    until(stopNotBefore, nowMs),
  ];
}

function idleWords({ busy }: OccupantAnswer, idleSince: string | null, nowMs: number): string {
  return busy === true ? "busy" : since(idleSince, nowMs);
}

function since(time: string | null, nowMs: number): string {
  return time === null ? "-" : span(nowMs - Date.parse(time));
}

function until(time: string | null, nowMs: number): string {
  if (time === null) return "-";
  const leftMs = Date.parse(time) - nowMs;
  return leftMs <= 0 ? "as soon as the plan is acted on" : `in ${span(leftMs)}, if still idle`;
}
