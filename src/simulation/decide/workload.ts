import { DAY_MS, drawTimeOfDay } from "./day.ts";
import { drawBetween, drawIndex, drawPareto, type Draw } from "./draw.ts";
import type { Session } from "./session.ts";

/** How much of the built-in workload there is. */
export interface WorkloadSize {
  readonly users: number;
  readonly days: number;
  readonly machines: number;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const MINUTE_MS = 60_000;

/** The built-in workload. docs/simulation.md says where each number comes from; none was chosen for a result. */
export const MODEL = {
  sessionsPerUserAndWeek: 4,
  outsideShare: 0.1,
  baseBytes: 128 * MIB,
  memoryBytes: { low: 512 * MIB, high: 24 * GIB },
  /** A user's sessions are between so many times what is usual for them. */
  spread: { low: 0.5, high: 1.5 },
  lifeMs: { low: 60 * MINUTE_MS, high: 7 * DAY_MS },
  growsWithinMs: 30 * MINUTE_MS,
  cores: { low: 1, high: 16 },
  computesMs: { low: MINUTE_MS, high: DAY_MS },
  lecture: {
    people: 100,
    atMs: 10.25 * 60 * MINUTE_MS,
    withinMs: MINUTE_MS,
    lifeMs: 90 * MINUTE_MS,
    memoryBytes: GIB,
    growsAfterMs: 10 * MINUTE_MS,
  },
} as const;

interface Person {
  readonly name: string;
  readonly usualBytes: number;
  /** The machine they log in to when they do not come through the router. */
  readonly machine: number;
}

/** Sessions in order of arrival. The same draws give the same sessions. */
export function drawWorkload(draw: Draw, { users, days, machines }: WorkloadSize): readonly Session[] {
  const people = Array.from({ length: users }, (_, index) => drawPerson(draw, index, machines));
  const aDay = Math.round((users * MODEL.sessionsPerUserAndWeek) / 7);
  const sessions = Array.from({ length: days }, (_, day) => drawDay(draw, people, day * DAY_MS, aDay));
  return sessions.flat().sort((a, b) => a.atMs - b.atMs);
}

function drawDay(draw: Draw, people: readonly Person[], dayMs: number, size: number): readonly Session[] {
  const lecture = drawLecture(draw, people, dayMs).slice(0, size);
  const others = Array.from({ length: size - lecture.length }, () => drawVisit(draw, people, dayMs));
  return [...lecture, ...others];
}

function drawPerson(draw: Draw, index: number, machines: number): Person {
  const { low, high } = MODEL.memoryBytes;
  return {
    name: `user${index + 1}`,
    usualBytes: drawPareto(draw, low, high),
    machine: drawIndex(draw, machines),
  };
}

function drawVisit(draw: Draw, people: readonly Person[], dayMs: number): Session {
  const { spread, memoryBytes, lifeMs, computesMs, cores } = MODEL;
  const { name, usualBytes, machine } = people[drawIndex(draw, people.length)] as Person;
  const wanted = usualBytes * drawBetween(draw, spread.low, spread.high);
  return {
    user: name,
    atMs: dayMs + drawTimeOfDay(draw),
    lifeMs: Math.round(drawPareto(draw, lifeMs.low, lifeMs.high)),
    baseBytes: MODEL.baseBytes,
    memoryBytes: Math.round(Math.min(wanted, memoryBytes.high)),
    growsAfterMs: Math.round(drawBetween(draw, 0, MODEL.growsWithinMs)),
    cores: Math.floor(drawPareto(draw, cores.low, cores.high)),
    computesMs: Math.round(drawPareto(draw, computesMs.low, computesMs.high)),
    ...(draw() < MODEL.outsideShare && { outsideOn: machine }),
  };
}

/** Half of the users at most: everybody logs in within a minute, and loads the same data ten minutes later. */
function drawLecture(draw: Draw, people: readonly Person[], dayMs: number): readonly Session[] {
  const { lecture, baseBytes } = MODEL;
  const first = drawIndex(draw, people.length);
  const size = Math.min(lecture.people, Math.floor(people.length / 2));
  return Array.from({ length: size }, (_, index) => ({
    user: (people[(first + index) % people.length] as Person).name,
    atMs: Math.round(dayMs + lecture.atMs + drawBetween(draw, 0, lecture.withinMs)),
    lifeMs: lecture.lifeMs,
    baseBytes,
    memoryBytes: lecture.memoryBytes,
    growsAfterMs: lecture.growsAfterMs,
    cores: 1,
    computesMs: MINUTE_MS,
  }));
}
