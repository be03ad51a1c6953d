import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { arrivalRate, DAY_MS } from "../../../src/simulation/decide/day.ts";
import { createDraw, drawPareto } from "../../../src/simulation/decide/draw.ts";
import { changesOf } from "../../../src/simulation/decide/session.ts";
import { drawWorkload, MODEL } from "../../../src/simulation/decide/workload.ts";

const WEEK = { users: 5000, days: 7, machines: 100 };

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

describe("the built-in workload", () => {
  const week = drawWorkload(createDraw(1), WEEK);

  it("is the same for the same seed, and another for another", () => {
    expect(drawWorkload(createDraw(1), WEEK)).toEqual(week);
    expect(drawWorkload(createDraw(2), WEEK)).not.toEqual(week);
  });

  it("has the number of sessions, and the medians, that its description promises", () => {
    const visits = week.filter(({ lifeMs }) => lifeMs !== MODEL.lecture.lifeMs);
    expect(Math.abs(week.length - 20_000)).toBeLessThan(10);
    expect(middle(visits.map(({ lifeMs }) => lifeMs)) / 3_600_000).toBeCloseTo(2, 0);
    expect(middle(visits.map(({ memoryBytes }) => memoryBytes)) / 1024 ** 3).toBeCloseTo(1, 0);
    expect(week.filter(({ outsideOn }) => outsideOn !== undefined).length / week.length).toBeCloseTo(0.1, 1);
  });

  it("brings a hundred people within a minute every day", () => {
    for (let day = 0; day < 7; day++) {
      const startMs = day * DAY_MS + MODEL.lecture.atMs;
      const there = week.filter(({ atMs }) => atMs >= startMs && atMs < startMs + MODEL.lecture.withinMs);
      expect(there.length).toBeGreaterThanOrEqual(100);
    }
  });

  it("is in order, and every session gives back what it took", () => {
    const size = fc.record({
      users: fc.integer({ min: 2, max: 300 }),
      days: fc.integer({ min: 1, max: 4 }),
      machines: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.nat(), size, (seed, of) => {
        const sessions = drawWorkload(createDraw(seed), of);
        expect(sessions.map(({ atMs }) => atMs)).toEqual(
          sessions.map(({ atMs }) => atMs).sort((a, b) => a - b),
        );
        for (const session of sessions) {
          const changes = Object.values(changesOf(session));
          function total(key: "memoryBytes" | "cores" | "servers"): number {
            return changes.reduce((sum, change) => sum + change[key], 0);
          }
          expect([total("memoryBytes"), total("cores"), total("servers")]).toEqual([0, 0, 0]);
          expect(changes.map(({ atMs }) => atMs)).toEqual(
            changes.map(({ atMs }) => atMs).sort((a, b) => a - b),
          );
          expect(session.memoryBytes).toBeGreaterThanOrEqual(session.baseBytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("has a day with more people in the morning and the afternoon than at noon", () => {
    const [morning, noon, afternoon] = [-0.25, 0, 0.25].map(arrivalRate) as [number, number, number];
    expect(Math.min(morning, afternoon)).toBeGreaterThan(noon);
  });
});

describe("a bounded Pareto number", () => {
  it("stays between its bounds", () => {
    const bounds = fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1001, max: 1e6 }));
    fc.assert(
      fc.property(fc.nat(), bounds, (seed, [low, high]) => {
        const number = drawPareto(createDraw(seed), low, high);
        expect(number).toBeGreaterThanOrEqual(low);
        expect(number).toBeLessThanOrEqual(high);
      }),
    );
  });

  it("is above twice a number half as often as above it", () => {
    const draw = createDraw(1);
    const numbers = Array.from({ length: 20_000 }, () => drawPareto(draw, 1, 1e6));
    function above(least: number): number {
      return numbers.filter((number) => number > least).length;
    }
    expect(above(20) / above(10)).toBeCloseTo(0.5, 1);
  });
});
