import { drawBetween, type Draw } from "./draw.ts";

const OPENS_MS = 8.5 * 3_600_000;
const CLOSES_MS = 18 * 3_600_000;
export const DAY_MS = 86_400_000;

/** Calzarossa and Serazzi 1985, "normal days": arrivals over a working day, -0.5 at 8:30 to 0.5 at 18:00. */
const RATE = [3.1, -8.5, 24.7, 130.8, 107.7, -804.2, -2038.5, 1856.8, 4618.6] as const;
/** Above the highest rate of the day. */
const RATE_LIMIT = 6;

export function arrivalRate(t: number): number {
  return RATE.reduceRight((sum, factor) => sum * t + factor, 0);
}

/** When in a day somebody comes: numbers are thrown away as often as the rate at their time says. */
export function drawTimeOfDay(draw: Draw): number {
  for (;;) {
    const t = draw() - 0.5;
    if (drawBetween(draw, 0, RATE_LIMIT) < arrivalRate(t)) {
      return Math.round(OPENS_MS + (t + 0.5) * (CLOSES_MS - OPENS_MS));
    }
  }
}
