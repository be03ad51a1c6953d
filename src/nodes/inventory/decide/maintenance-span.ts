import type { Maintenance, MaintenanceSpan, MaintenanceWindow } from "../../../model.ts";
import { addDays, dateAt, momentOf } from "../../../wall-clock.ts";
import { WEEKDAYS } from "./maintenance-text.ts";

/** The maintenance that is now or, if none is, comes next: the first of those that are not over. */
export function spanAt(
  { windows, leadMs }: Maintenance,
  nowMs: number,
  timeZone: string,
): MaintenanceSpan | undefined {
  const spans = windows.flatMap((window) => spanOf(window, leadMs, nowMs, timeZone) ?? []);
  return spans.sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)[0];
}

function spanOf(
  window: MaintenanceWindow,
  leadMs: number,
  nowMs: number,
  timeZone: string,
): MaintenanceSpan | undefined {
  for (const date of datesOf(window, nowMs, timeZone)) {
    const startMs = momentOf(date, window.from, timeZone);
    const endMs = momentOf(addDays(date, window.days), window.to, timeZone);
    // One that lies wholly in an hour which the clocks skip is none.
    if (endMs > nowMs && endMs > startMs) return { closesMs: startMs - leadMs, startMs, endMs };
  }
  return undefined;
}

/** The days on which it may begin, from the first that can still last to after the next. */
function datesOf({ day, days }: MaintenanceWindow, nowMs: number, timeZone: string): readonly string[] {
  if (/^\d/.test(day)) return [day];
  const first = addDays(dateAt(nowMs, timeZone), -days - 1);
  const dates = AHEAD.map((ahead) => addDays(first, ahead));
  return day === "daily" ? dates : dates.filter((date) => WEEKDAYS[new Date(date).getUTCDay()] === day);
}

/** Over two weeks behind the first: the clocks may skip a window once. */
const AHEAD = Array.from({ length: 24 }, (_, index) => index);
