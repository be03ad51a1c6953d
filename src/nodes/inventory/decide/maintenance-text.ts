import type { Maintenance, MaintenanceWindow } from "../../../model.ts";

/** As they are written, from Sunday on. */
export const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MAX_WINDOWS = 20;
const MAX_LEAD_MS = 7 * 86_400_000;
const UNITS = { min: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads "Sun 02:00-06:00, 2026-12-24 18:00-2026-12-27 08:00, lead 8h": windows and, once, how long before each of
 * them the node is closed. An end that is not after its beginning is of the next day. Undefined for anything else.
 */
export function readMaintenance(text: string): Maintenance | undefined {
  const items = text.split(",").map((item) => item.trim().toLowerCase());
  const leads = items.filter((item) => item.startsWith("lead"));
  const windows = items.filter((item) => !item.startsWith("lead")).map(readWindow);
  const leadMs = leads.length === 0 ? 0 : readLead(leads.join());
  const known = windows.filter((window) => window !== undefined);
  const isSane = known.length === windows.length && known.length > 0 && known.length <= MAX_WINDOWS;
  return isSane && leadMs !== undefined ? { windows: known, leadMs } : undefined;
}

function readLead(item: string): number | undefined {
  const [, count, unit] = /^lead +(\d{1,5}) ?(min|h|d)$/.exec(item) ?? [];
  const leadMs = Number(count) * UNITS[unit as keyof typeof UNITS];
  return leadMs <= MAX_LEAD_MS ? leadMs : undefined;
}

const DAY = "daily|sun|mon|tue|wed|thu|fri|sat|\\d{4}-\\d\\d-\\d\\d";
const TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d";
const WINDOW = new RegExp(`^(${DAY}) +(${TIME}) *- *(?:(${DAY}) +)?(${TIME}|24:00)$`);

function readWindow(item: string): MaintenanceWindow | undefined {
  const [, day = "", from = "", lastDay, end = ""] = WINDOW.exec(item) ?? [];
  const [to, more] = end === "24:00" ? ["00:00", 1] : [end, 0];
  const span = daysBetween(day, lastDay);
  if (span === undefined) return undefined;
  const isLater = span + more > 0 || to > from;
  const days = isLater ? span + more : daysToNext(day, lastDay);
  return days === undefined ? undefined : { day, from, days, to };
}

/** Where the end is said to be on the same day and not later: the next day, or the next day of that name. */
function daysToNext(day: string, lastDay: string | undefined): number | undefined {
  if (lastDay === undefined) return 1;
  return WEEKDAYS.includes(day) ? 7 : undefined;
}

/** From the day on which a window begins to the one it names for its end; undefined if the two do not go together. */
function daysBetween(day: string, lastDay: string | undefined): number | undefined {
  if (lastDay === undefined) return ["daily", ...WEEKDAYS].includes(day) || isDate(day) ? 0 : undefined;
  const [first, last] = [WEEKDAYS.indexOf(day), WEEKDAYS.indexOf(lastDay)];
  if (first >= 0 && last >= 0) return (last - first + 7) % 7;
  const days = (Date.parse(lastDay) - Date.parse(day)) / 86_400_000;
  return isDate(day) && isDate(lastDay) && days >= 0 ? days : undefined;
}

function isDate(text: string): boolean {
  const ms = Date.parse(text);
  return /^\d/.test(text) && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
