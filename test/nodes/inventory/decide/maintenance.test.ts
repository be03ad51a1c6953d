import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Maintenance } from "../../../../src/model.ts";
import { spanAt } from "../../../../src/nodes/inventory/decide/maintenance-span.ts";
import { readMaintenance } from "../../../../src/nodes/inventory/decide/maintenance-text.ts";

const BERLIN = "Europe/Berlin";
const ZONES = ["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];
const MINUTE = 60_000;
const DAY = 86_400_000;

function read(text: string): Maintenance {
  const maintenance = readMaintenance(text);
  if (maintenance === undefined) throw new Error(`not read: ${text}`);
  return maintenance;
}

describe("maintenance as people write it", () => {
  it.each<[string, Maintenance["windows"][number]]>([
    ["Sun 02:00-06:00", { day: "sun", from: "02:00", days: 0, to: "06:00" }],
    ["sun  02:00 - 06:00", { day: "sun", from: "02:00", days: 0, to: "06:00" }],
    ["Sat 22:00-04:00", { day: "sat", from: "22:00", days: 1, to: "04:00" }],
    ["Sat 22:00-24:00", { day: "sat", from: "22:00", days: 1, to: "00:00" }],
    ["Fri 18:00-Mon 06:00", { day: "fri", from: "18:00", days: 3, to: "06:00" }],
    ["Sun 02:00-Sun 01:00", { day: "sun", from: "02:00", days: 7, to: "01:00" }],
    ["daily 23:30-00:30", { day: "daily", from: "23:30", days: 1, to: "00:30" }],
    ["2026-12-24 18:00-2026-12-27 08:00", { day: "2026-12-24", from: "18:00", days: 3, to: "08:00" }],
    ["2026-12-31 22:00-02:00", { day: "2026-12-31", from: "22:00", days: 1, to: "02:00" }],
  ])("%s", (text, window) => {
    expect(readMaintenance(text)).toEqual({ windows: [window], leadMs: 0 });
  });

  it("is several windows, and once how long before them the node is closed", () => {
    expect(read("Sun 02:00-06:00, lead 8h, Wed 02:00-03:00")).toMatchObject({
      windows: [{ day: "sun" }, { day: "wed" }],
      leadMs: 8 * 3_600_000,
    });
    expect(read("daily 04:00-05:00,lead 90min").leadMs).toBe(90 * MINUTE);
  });

  it.each([
    "",
    "never",
    "02:00-06:00",
    "Sun 2:00-6:00",
    "Sun 02:00-25:00",
    "Sun 24:00-06:00",
    "Sunday 02:00-06:00",
    "Sun 02:00",
    "daily 02:00-Sun 03:00",
    "Sun 02:00-2026-12-27 08:00",
    "2026-02-30 02:00-06:00",
    "2026-12-24 18:00-2026-12-23 08:00",
    "2026-12-24 18:00-2026-12-24 18:00",
    "lead 8h",
    "Sun 02:00-06:00, lead 8h, lead 2h",
    "Sun 02:00-06:00, lead 8",
    "Sun 02:00-06:00, lead 8d",
    "Sun 02:00-06:00,",
    Array(21).fill("Sun 02:00-06:00").join(),
  ])("is not %j", (text) => {
    expect(readMaintenance(text)).toBeUndefined();
  });
});

function shown(text: string, now: string, zone = BERLIN): readonly string[] {
  const span = spanAt(read(text), Date.parse(now), zone);
  if (span === undefined) return [];
  return [span.closesMs, span.startMs, span.endMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
}

describe("the maintenance of now, or the next", () => {
  it.each([
    [
      "Sun 02:00-06:00, lead 8h",
      "2026-11-20T12:00Z",
      ["2026-11-21T17:00", "2026-11-22T01:00", "2026-11-22T05:00"],
    ],
    [
      "Sun 02:00-06:00, lead 8h",
      "2026-11-22T04:59Z",
      ["2026-11-21T17:00", "2026-11-22T01:00", "2026-11-22T05:00"],
    ],
    [
      "Sun 02:00-06:00, lead 8h",
      "2026-11-22T05:00Z",
      ["2026-11-28T17:00", "2026-11-29T01:00", "2026-11-29T05:00"],
    ],
    [
      "Fri 18:00-Mon 06:00",
      "2026-11-22T12:00Z",
      ["2026-11-20T17:00", "2026-11-20T17:00", "2026-11-23T05:00"],
    ],
    ["daily 23:30-00:30", "2026-11-20T23:10Z", ["2026-11-20T22:30", "2026-11-20T22:30", "2026-11-20T23:30"]],
    [
      "2026-12-24 18:00-2026-12-27 08:00",
      "2026-11-20T12:00Z",
      ["2026-12-24T17:00", "2026-12-24T17:00", "2026-12-27T07:00"],
    ],
    ["2026-12-24 18:00-2026-12-27 08:00", "2026-12-27T07:00Z", []],
    [
      "Sun 02:00-06:00, Wed 02:00-03:00",
      "2026-11-23T12:00Z",
      ["2026-11-25T01:00", "2026-11-25T01:00", "2026-11-25T02:00"],
    ],
  ])("%s at %s", (text, now, expected) => {
    expect(shown(text, now)).toEqual(expected);
  });

  it.each([
    [
      "an hour that the clocks skip shortens it",
      "Sun 01:30-03:30",
      "2026-03-28T12:00Z",
      "2026-03-29T00:30",
      "2026-03-29T01:30",
    ],
    [
      "what begins in that hour begins after it",
      "Sun 02:15-04:00",
      "2026-03-28T12:00Z",
      "2026-03-29T01:00",
      "2026-03-29T02:00",
    ],
    [
      "what lies in it is left out that week",
      "Sun 02:15-02:45",
      "2026-03-28T12:00Z",
      "2026-04-05T00:15",
      "2026-04-05T00:45",
    ],
    [
      "an hour that comes twice makes it longer",
      "Sun 01:30-03:30",
      "2026-10-24T12:00Z",
      "2026-10-24T23:30",
      "2026-10-25T02:30",
    ],
    [
      "what lies in it is the first time",
      "Sun 02:15-02:45",
      "2026-10-24T12:00Z",
      "2026-10-25T00:15",
      "2026-10-25T00:45",
    ],
  ])("%s", (_what, text, now, start, end) => {
    expect(shown(text, now).slice(1)).toEqual([start, end]);
  });
});

const time = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));
const day = fc.constantFrom("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat");
const repeating = fc.oneof(
  fc.tuple(day, time, time).map(([on, from, to]) => `${on} ${from}-${to}`),
  fc.tuple(time, time).map(([from, to]) => `daily ${from}-${to}`),
  fc.tuple(day, time, day, time).map(([on, from, last, to]) => `${on} ${from}-${last} ${to}`),
);
const anyLead = fc.nat(48);
const anyText = fc
  .tuple(fc.array(repeating, { minLength: 1, maxLength: 3 }), anyLead)
  .map(([windows, hours]) => [...windows, `lead ${hours}h`].join(", "));
const anyTime = fc
  .integer({ min: Date.parse("2026-01-01") / MINUTE, max: Date.parse("2030-01-01") / MINUTE })
  .map((minutes) => minutes * MINUTE);
const anyZone = fc.constantFrom(...ZONES);

const clocks = new Map(
  ZONES.map((timeZone) => {
    const fields = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    return [timeZone, new Intl.DateTimeFormat("en-US", { ...fields, timeZone })];
  }),
);

/** What a clock on the wall shows: minutes since Sunday 00:00. */
function wallMinutes(ms: number, timeZone: string): number {
  const part = new Map(
    clocks
      .get(timeZone)
      ?.formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(part.get("weekday") ?? "");
  return days * 1440 + Number(part.get("hour")) * 60 + Number(part.get("minute"));
}

/** Whether such a clock shows a time within a window; independent of the code under test. */
function isWithin(text: string, wall: number): boolean {
  const [, on = "", from = "", last, to = ""] = /^(\w+) (\S{5})-(?:(\w+) )?(\S{5})$/.exec(text) ?? [];
  function minutes(dayName: string, clock: string): number {
    const [hours = 0, rest = 0] = clock.split(":").map(Number);
    return ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(dayName) * 1440 + hours * 60 + rest;
  }
  const days = on === "daily" ? ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] : [on];
  return days.some((name) => {
    const start = minutes(name, from);
    const end = minutes(last ?? name, to);
    const wrapped = end > start ? end : end + (last === undefined ? 1440 : 10_080);
    return [wall, wall + 10_080].some((at) => start <= at && at < wrapped);
  });
}

describe("for any windows, zone and moment", () => {
  it("lasts now or lies ahead, in order, and stays the same until it is over", () => {
    fc.assert(
      fc.property(anyText, anyTime, anyZone, fc.nat(100), (text, nowMs, zone, percent) => {
        const maintenance = read(text);
        const span = spanAt(maintenance, nowMs, zone);
        if (span === undefined) throw new Error("windows that come again come again");
        expect(span.startMs - span.closesMs).toBe(maintenance.leadMs);
        expect(span.startMs).toBeLessThan(span.endMs);
        expect(span.endMs).toBeGreaterThan(nowMs);
        expect(span.startMs - nowMs).toBeLessThanOrEqual(15 * DAY);
        const laterMs = nowMs + Math.floor(((span.endMs - 1 - nowMs) * percent) / 100);
        expect(spanAt(maintenance, laterMs, zone)?.startMs).toBeLessThanOrEqual(span.startMs);
      }),
      { numRuns: 300 },
    );
  });

  it("lasts exactly while the clocks show a time within a window, but on days on which they are changed", () => {
    const window = fc.tuple(repeating, anyTime, anyZone);
    fc.assert(
      fc.property(window, ([text, nowMs, zone]) => {
        const isSteady = [-8, 8].every(
          (days) => wallMinutes(nowMs + days * DAY, zone) % 1440 === wallMinutes(nowMs, zone) % 1440,
        );
        fc.pre(isSteady);
        const span = spanAt(read(text), nowMs, zone);
        const isNow = span !== undefined && span.startMs <= nowMs;
        expect(isNow).toBe(isWithin(text, wallMinutes(nowMs, zone)));
      }),
      { numRuns: 1000 },
    );
  });

  it("never lasts longer than its window says, but for what the clocks are set back", () => {
    fc.assert(
      fc.property(day, time, time, anyTime, anyZone, (on, from, to, nowMs, zone) => {
        const span = spanAt(read(`${on} ${from}-${to}`), nowMs, zone);
        if (span === undefined) throw new Error("windows that come again come again");
        expect(span.endMs - span.startMs).toBeLessThanOrEqual(DAY + 3_600_000);
      }),
    );
  });
});
