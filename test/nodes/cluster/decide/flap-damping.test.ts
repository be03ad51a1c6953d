import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  afterDown,
  dampingOf,
  pointsAt,
  STEADY,
  type Flaps,
} from "../../../../src/nodes/cluster/decide/flap-damping.ts";

const MINUTE = 60_000;

/** A node that went down at these minutes. */
function downAt(...minutes: readonly number[]): Flaps {
  return minutes.reduce((flaps, minute) => afterDown(flaps, minute * MINUTE), STEADY);
}

describe("a node that went down", () => {
  it("once or twice in a while is steady", () => {
    expect(dampingOf(downAt(0), 0)).toBeUndefined();
    expect(dampingOf(downAt(0, 1), MINUTE)).toBeUndefined();
    expect(dampingOf(downAt(0, 30, 60, 90, 120), 120 * MINUTE)).toBeUndefined();
  });

  it("three times in a minute takes no new servers for eight more", () => {
    const flaps = downAt(0, 0.5, 1);
    expect(dampingOf(flaps, 2 * MINUTE)).toEqual({
      words: "went down 3 times in 2 min; takes new servers again in 7 min",
      downs: 3,
      untilMs: flaps.untilMs,
    });
    expect(dampingOf(flaps, 9 * MINUTE)).toBeUndefined();
  });

  it("again while it is damped waits longer, and a quarter of an hour at most", () => {
    const often = downAt(...Array.from({ length: 50 }, (_, i) => i / 10));
    expect((often.untilMs ?? 0) - often.atMs).toBeLessThanOrEqual(15 * MINUTE);
    expect((often.untilMs ?? 0) - often.atMs).toBeGreaterThan(14 * MINUTE);
  });
});

const anyFlaps = fc
  .array(fc.integer({ min: 0, max: 20 * MINUTE }), { minLength: 1, maxLength: 30 })
  .map((gaps) => {
    let atMs = 0;
    return gaps.reduce((flaps, gap) => afterDown(flaps, (atMs += gap)), STEADY);
  });

describe("whenever a node went down", () => {
  it("its points only get fewer, and halve in five minutes", () => {
    fc.assert(
      fc.property(anyFlaps, fc.nat(60 * MINUTE), fc.nat(60 * MINUTE), (flaps, a, b) => {
        const [sooner, later] = [flaps.atMs + Math.min(a, b), flaps.atMs + Math.max(a, b)];
        expect(pointsAt(flaps, later)).toBeLessThanOrEqual(pointsAt(flaps, sooner));
        expect(pointsAt(flaps, sooner + 5 * MINUTE)).toBeCloseTo(pointsAt(flaps, sooner) / 2, 9);
      }),
    );
  });

  it("is damped without a break, and ends at the time that was said, within a quarter of an hour", () => {
    fc.assert(
      fc.property(anyFlaps, fc.nat(20 * MINUTE), (flaps, ms) => {
        const now = flaps.atMs + ms;
        const damping = dampingOf(flaps, now);
        expect(damping !== undefined).toBe(flaps.untilMs !== undefined && now < flaps.untilMs);
        if (ms >= 15 * MINUTE) expect(damping).toBeUndefined();
      }),
    );
  });

  it("is never sooner free for going down once more", () => {
    fc.assert(
      fc.property(anyFlaps, fc.nat(20 * MINUTE), (flaps, ms) => {
        const now = flaps.atMs + ms;
        const before = dampingOf(flaps, now);
        const after = dampingOf(afterDown(flaps, now), now);
        if (before !== undefined) expect(after?.untilMs).toBeGreaterThanOrEqual(before.untilMs - 1);
      }),
    );
  });
});
