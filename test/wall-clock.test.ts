import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readTime, showTime } from "../src/wall-clock.ts";

const NOON = Date.parse("2026-11-20T11:00:00Z");
const BERLIN = "Europe/Berlin";
const ZONES = ["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];

describe("a time as people write it", () => {
  it.each([
    ["18:00", BERLIN, "2026-11-20T17:00:00Z"],
    ["18:00", "UTC", "2026-11-20T18:00:00Z"],
    ["09:30", BERLIN, "2026-11-20T08:30:00Z"],
    ["2026-11-21 18:00", BERLIN, "2026-11-21T17:00:00Z"],
    ["2026-07-01T18:00", BERLIN, "2026-07-01T16:00:00Z"],
    ["2026-11-21T18:00:00Z", BERLIN, "2026-11-21T18:00:00Z"],
    ["2026-11-21T18:00+05:30", BERLIN, "2026-11-21T12:30:00Z"],
    [" 2h ", BERLIN, "2026-11-20T13:00:00Z"],
    ["90min", BERLIN, "2026-11-20T12:30:00Z"],
    ["90 m", BERLIN, "2026-11-20T12:30:00Z"],
    ["1d", BERLIN, "2026-11-21T11:00:00Z"],
    ["2026-10-25 02:30", BERLIN, "2026-10-25T00:30:00Z"],
  ])("%j in %s is %s", (text, zone, expected) => {
    expect(new Date(readTime(text, NOON, zone) ?? NaN).toISOString()).toBe(expected.replace("Z", ".000Z"));
  });

  it.each([
    "",
    "soon",
    "25:00",
    "18:60",
    "18",
    "-2h",
    "2w",
    "1e9h",
    "2026-02-30 12:00",
    "2026-13-01T00:00:00Z",
  ])("%j is none", (text) => {
    expect(readTime(text, NOON, BERLIN)).toBeUndefined();
  });

  it("is none if the clocks skip it", () => {
    expect(readTime("2026-03-29 02:30", NOON, BERLIN)).toBeUndefined();
  });
});

describe("a time as people read it", () => {
  it("has its zone always, and its date where that is another day", () => {
    expect(showTime(NOON, NOON, BERLIN)).toMatch(/^12:00 \S+$/);
    expect(showTime(NOON + 86_400_000, NOON, BERLIN)).toMatch(/^2026-11-21 12:00 \S+$/);
    expect(showTime(NOON, NOON, "UTC")).toBe("11:00 UTC");
  });

  it("says the same when it is read again, in every zone and season", () => {
    const minutes = fc.integer({ min: 0, max: 60 * 24 * 365 * 40 }).map((n) => n * 60_000);
    fc.assert(
      fc.property(minutes, fc.constantFrom(...ZONES), (ms, zone) => {
        const shown = showTime(ms, ms + 5 * 86_400_000, zone);
        const again = readTime(shown.slice(0, 16), 0, zone) ?? NaN;
        expect(showTime(again, ms + 5 * 86_400_000, zone).slice(0, 16)).toBe(shown.slice(0, 16));
        expect(again).toBeLessThanOrEqual(ms);
      }),
      { numRuns: 2000 },
    );
  });
});
