/** Times as people write and read them, in a time zone that is always said. */

const DAY_MS = 86_400_000;

/** As the API says it: ISO 8601, in UTC. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** "18:00 CET" of the day of `nowMs`; other days with their date: "2026-11-21 18:00 CET". */
export function showTime(ms: number, nowMs: number, timeZone: string): string {
  const [date, time] = partsOf(ms, timeZone);
  const [today] = partsOf(nowMs, timeZone);
  return `${date === today ? "" : `${date} `}${time} ${zoneName(ms, timeZone)}`;
}

/**
 * Reads "18:00" (of today), "2026-11-21 18:00" and the like in `timeZone`, ISO times with a zone of their own, and how
 * long from now: "90min", "2h", "1d". Undefined for anything else, and for a time that the clocks skip that day.
 */
export function readTime(text: string, nowMs: number, timeZone: string): number | undefined {
  const given = text.trim();
  const span = /^(\d{1,6}) ?(min|m|h|d)$/.exec(given);
  if (span !== null) return nowMs + Number(span[1]) * SPANS[span[2] as keyof typeof SPANS];
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given))
    return valid(Date.parse(given));
  const [, date = partsOf(nowMs, timeZone)[0], time] =
    /^(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d:\d\d)$/.exec(given) ?? [];
  return time === undefined ? undefined : atWall(date, time, timeZone);
}

const SPANS = { min: 60_000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** The moment at which clocks in that zone show this; the earlier one when there are two. */
function atWall(date: string, time: string, timeZone: string): number | undefined {
  const asUtcMs = Date.parse(`${date}T${time}:00Z`);
  if (Number.isNaN(asUtcMs)) return undefined;
  const offsets = [-DAY_MS, DAY_MS].map((ms) => offsetMs(asUtcMs + ms, timeZone));
  const moments = offsets.map((offset) => asUtcMs - offset).sort((a, b) => a - b);
  return moments.find((ms) => partsOf(ms, timeZone).join("T") === `${date}T${time}`);
}

/** The first moment at which clocks in that zone show this or, where they skip it, later. `date` and `time` exist. */
export function momentOf(date: string, time: string, timeZone: string): number {
  const exact = atWall(date, time, timeZone);
  if (exact !== undefined) return exact;
  const asUtcMs = Date.parse(`${date}T${time}:00Z`);
  let [before, after] = [asUtcMs - DAY_MS, asUtcMs + DAY_MS];
  while (after - before > 60_000) {
    const middle = Math.floor((before + after) / 120_000) * 60_000;
    if (partsOf(middle, timeZone).join("T") < `${date}T${time}`) before = middle;
    else after = middle;
  }
  return after;
}

/** The day of `ms` there: "2026-11-21". */
export function dateAt(ms: number, timeZone: string): string {
  return partsOf(ms, timeZone)[0];
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** What clocks in that zone show at `ms`, minus UTC. */
function offsetMs(ms: number, timeZone: string): number {
  const minuteMs = Math.floor(ms / 60_000) * 60_000;
  return Date.parse(`${partsOf(minuteMs, timeZone).join("T")}:00Z`) - minuteMs;
}

/** Date and time of day. */
function partsOf(ms: number, timeZone: string): [date: string, time: string] {
  const part = new Map(
    formatsFor(timeZone)
      .time.formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const [year = "", month = "", day = ""] = [part.get("year"), part.get("month"), part.get("day")];
  return [
    `${year.padStart(4, "0")}-${month}-${day}`,
    `${part.get("hour") ?? ""}:${part.get("minute") ?? ""}`,
  ];
}

function zoneName(ms: number, timeZone: string): string {
  const parts = formatsFor(timeZone).zone.formatToParts(ms);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? timeZone;
}

/** Kept, as making one takes 0.2 ms, and every snapshot says times of every closed node; a process has one time zone. */
const formats = new Map<string, Formats>();

interface Formats {
  readonly time: Intl.DateTimeFormat;
  readonly zone: Intl.DateTimeFormat;
}

function formatsFor(timeZone: string): Formats {
  const known = formats.get(timeZone) ?? makeFormats(timeZone);
  formats.set(timeZone, known);
  return known;
}

function makeFormats(timeZone: string): Formats {
  const fields = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  return {
    time: new Intl.DateTimeFormat("en-US", { year: "numeric", ...fields, hourCycle: "h23", timeZone }),
    zone: new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "short" }),
  };
}

function valid(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}
