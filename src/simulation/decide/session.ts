import type { ServerKey, ServerName, UserName } from "../../model.ts";

/** A server's life as it will be: what no policy but the oracle is told. Spans count from when it runs. */
export interface Session {
  readonly user: string;
  /** When its owner asks for it. */
  readonly atMs: number;
  readonly lifeMs: number;
  /** In use as soon as it runs. */
  readonly baseBytes: number;
  /** In use once its owner has loaded their data. */
  readonly memoryBytes: number;
  readonly growsAfterMs: number;
  /** From when it has grown, it computes on so many cores for so long. */
  readonly cores: number;
  readonly computesMs: number;
  /** When its owner comes back to it after it has computed, in order; only rebalancing makes a difference by that. */
  readonly visitsMs?: readonly number[];
  /** Started on this machine, past the router. */
  readonly outsideOn?: number;
}

/** A user may have several servers at once; no two of them are asked for in the same millisecond. */
export function keyOf({ user, atMs }: Session): ServerKey {
  return { user: user as UserName, server: `${atMs}` as ServerName };
}

/** How much more, or less, a machine has to carry from a moment on. */
export interface Change {
  readonly atMs: number;
  readonly memoryBytes: number;
  readonly cores: number;
  readonly servers: number;
}

/** From asking for a server to its running. */
const START_MS = 10_000;

export type Step = "starts" | "grows" | "calms" | "ends";

/** What a session does to its machine, in order of time. */
export function changesOf(session: Session): Readonly<Record<Step, Change>> {
  const { baseBytes, memoryBytes, cores } = session;
  const startsMs = session.atMs + START_MS;
  const endsMs = startsMs + session.lifeMs;
  const growsMs = Math.min(startsMs + session.growsAfterMs, endsMs);
  const calmsMs = Math.min(growsMs + session.computesMs, endsMs);
  return {
    starts: { atMs: startsMs, memoryBytes: baseBytes, cores: 0, servers: 1 },
    grows: { atMs: growsMs, memoryBytes: memoryBytes - baseBytes, cores, servers: 0 },
    calms: { atMs: calmsMs, memoryBytes: 0, cores: -cores, servers: 0 },
    ends: { atMs: endsMs, memoryBytes: -memoryBytes, cores: 0, servers: -1 },
  };
}
