/** The next of a row of numbers in [0, 1) that its seed decides. */
export type Draw = () => number;

/** Mulberry32: 32 bits of state, the same numbers on every machine. */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A bounded Pareto number with exponent 1: of those above x, half are above 2x. No powers: exact everywhere. */
export function drawPareto(draw: Draw, low: number, high: number): number {
  return low / (1 - draw() * (1 - low / high));
}

export function drawBetween(draw: Draw, low: number, high: number): number {
  return low + draw() * (high - low);
}

export function drawIndex(draw: Draw, length: number): number {
  return Math.floor(draw() * length);
}
