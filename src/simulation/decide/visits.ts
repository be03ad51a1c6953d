import { drawPareto, type Draw } from "./draw.ts";
import { changesOf, type Session } from "./session.ts";

const MINUTE_MS = 60_000;

/** How long owners stay away from a server that computes no more: docs/simulation.md says where the numbers come from. */
const AWAY_MS = { low: 10 * MINUTE_MS, high: 3 * 24 * 60 * MINUTE_MS };

/** The same sessions, with the times at which their owners come back to them until they end. */
export function withVisits(draw: Draw, sessions: readonly Session[]): readonly Session[] {
  return sessions.map((session) => ({ ...session, visitsMs: drawVisits(draw, session) }));
}

function drawVisits(draw: Draw, session: Session): readonly number[] {
  const { calms, ends } = changesOf(session);
  const visitsMs: number[] = [];
  for (let atMs = calms.atMs; ;) {
    atMs += Math.round(drawPareto(draw, AWAY_MS.low, AWAY_MS.high));
    if (atMs >= ends.atMs) return visitsMs;
    visitsMs.push(atMs);
  }
}

/** What a running server shows of itself. */
export interface ServerState {
  readonly startedAtMs: number;
  /** Nothing was computed since, and its owner was not there. Absent: it is in use. */
  readonly idleSinceMs?: number;
  readonly memoryBytes: number;
}

export function stateOf(session: Session, nowMs: number): ServerState {
  const { starts, grows, calms } = changesOf(session);
  const memoryBytes = nowMs < grows.atMs ? session.baseBytes : session.memoryBytes;
  const state = { startedAtMs: starts.atMs, memoryBytes };
  if (nowMs < calms.atMs) return state;
  const visitsMs = (session.visitsMs ?? []).filter((atMs) => atMs <= nowMs);
  return { ...state, idleSinceMs: Math.max(calms.atMs, ...visitsMs) };
}

/** What becomes of a session that was stopped: at the next visit it begins anew, and ends when it would have ended. */
export function resumed(session: Session, stoppedMs: number): Session | undefined {
  const { visitsMs = [], ...rest } = session;
  const atMs = visitsMs.find((each) => each > stoppedMs);
  if (atMs === undefined) return undefined;
  const anew = { ...rest, atMs };
  const lifeMs = Math.max(0, changesOf(session).ends.atMs - changesOf(anew).starts.atMs);
  return { ...anew, lifeMs, visitsMs: visitsMs.filter((each) => each > atMs) };
}
