import type { UserName } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import type { Revocation } from "./decide/revocation.ts";
import type { Session } from "./decide/session.ts";

/** The revocations this router knows of; those that matter no longer are forgotten. */
export function createKnownRevocations(
  { clock }: { readonly clock: Clock },
  { totalMs, known }: { readonly totalMs: number; readonly known: readonly Revocation[] },
) {
  const entries = new Map<string, Revocation>(known.map((entry) => [entry.key, entry]));

  function covers(session: Session): boolean {
    const now = clock.now();
    return keysOf(session).some((key) => {
      const entry = entries.get(key);
      return entry !== undefined && entry.untilMs > now && session.startedAtMs <= entry.atMs;
    });
  }

  /** Sessions begun until then are over. A time far ahead would end what is yet to begin: it counts as now. */
  function add(key: string, atMs: number): Revocation {
    const now = clock.now();
    const credibleMs = atMs > now + MAX_SKEW_MS ? now : atMs;
    const entry = { key, atMs: credibleMs, untilMs: credibleMs + totalMs };
    const before = entries.get(key);
    if (before === undefined || before.atMs < entry.atMs) entries.set(key, entry);
    for (const [old, { untilMs }] of entries) if (untilMs <= now) entries.delete(old);
    return entry;
  }

  return { covers, add, all: () => [...entries.values()] };
}

export function sessionKey(id: string): string {
  return `revoked/${id}`;
}

export function userKey(user: UserName): string {
  return `signed-out/${user}`;
}

export function keysOf({ id, user }: Session): readonly [string, string] {
  return [sessionKey(id), userKey(user)];
}

/** What clocks of routers that share a store may differ by. */
const MAX_SKEW_MS = 60_000;
