import type { Damping } from "../../../model.ts";

/**
 * How often a node went down lately. As routes of the internet are damped (RFC 2439): every time costs it a point,
 * which halves in `HALF_LIFE_MS`; from `LIMIT` points on it takes no new servers, until fewer than `REUSE` are left.
 */
export interface Flaps {
  readonly points: number;
  /** When it had them. */
  readonly atMs: number;
  /** The times it went down that still count, oldest first. */
  readonly downsMs: readonly number[];
  /** Damped until then; absent: it is not. */
  readonly untilMs?: number;
}

export const STEADY: Flaps = { points: 0, atMs: 0, downsMs: [] };

const HALF_LIFE_MS = 5 * 60_000;
const LIMIT = 2.5;
const REUSE = 1;
/** So that nobody waits longer than three half-lives: a quarter of an hour. */
const MOST = 8;
const REMEMBERED_MS = 30 * 60_000;
const MINUTE_MS = 60_000;

/** After a node that was up went down once more. */
export function afterDown(flaps: Flaps, nowMs: number): Flaps {
  const points = Math.min(MOST, pointsAt(flaps, nowMs) + 1);
  const downsMs = [...flaps.downsMs.filter((atMs) => nowMs - atMs < REMEMBERED_MS), nowMs].slice(-99);
  const isDamped = isAt(flaps, nowMs) || points >= LIMIT;
  const untilMs = Math.ceil(nowMs + HALF_LIFE_MS * Math.log2(points / REUSE));
  return { points, atMs: nowMs, downsMs, ...(isDamped && { untilMs }) };
}

/** What is left of the points. */
export function pointsAt({ points, atMs }: Flaps, nowMs: number): number {
  return points * 2 ** (-Math.max(0, nowMs - atMs) / HALF_LIFE_MS);
}

/** "went down 4 times in 10 min; takes new servers again in 3 min"; undefined once it is steady. */
export function dampingOf(flaps: Flaps, nowMs: number): Damping | undefined {
  const { downsMs, untilMs } = flaps;
  if (untilMs === undefined || !isAt(flaps, nowMs)) return undefined;
  const downs = downsMs.length;
  const spanMs = nowMs - (downsMs[0] ?? nowMs);
  const words = `went down ${downs} times in ${minutes(spanMs)}; takes new servers again in ${minutes(untilMs - nowMs)}`;
  return { words, downs, untilMs };
}

function isAt({ untilMs }: Flaps, nowMs: number): boolean {
  return untilMs !== undefined && nowMs < untilMs;
}

function minutes(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / MINUTE_MS))} min`;
}
