import { within } from "../deadline.ts";
import { AppError } from "../errors.ts";
import type { Clock, Log, Store } from "../ports.ts";
import type { UserName } from "../model.ts";
import type { Session } from "./decide/session.ts";
import { createLru } from "./decide/lru.ts";
import type { Revocation, RevocationJournal } from "./decide/revocation.ts";

/** Which sessions are over before their time. */
export interface Revocations {
  /** Fast: asks the store about a session only every `askEveryMs`. A silent store counts as "no", but for what is known here. */
  isRevoked(session: Session): Promise<boolean>;
  revoke(session: Session): Promise<void>;
  /** Every session the user has begun until now. */
  revokeUser(user: UserName): Promise<void>;
}

interface Deps {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly journal?: RevocationJournal;
}

interface Options {
  /** No session outlives this. */
  readonly totalMs: number;
  readonly askEveryMs?: number;
  readonly storeDeadlineMs?: number;
  /** What the journal held when the router started. */
  readonly known?: readonly Revocation[];
}

/** Revocations kept here, in the store that routers share, and in the journal if there is one. */
export function createRevocations({ clock, store, log, journal }: Deps, options: Options): Revocations {
  const { totalMs, askEveryMs = 2000, storeDeadlineMs = 500, known = [] } = options;
  const here = new Map<string, Revocation>(known.map((entry) => [entry.key, entry]));
  const asked = createLru<string, { readonly atMs: number; readonly answer: Promise<void> }>(10_000);
  let isStoreSilent = false;

  function isKnown(session: Session): boolean {
    const now = clock.now();
    return keysOf(session).some((key) => {
      const entry = here.get(key);
      return entry !== undefined && entry.untilMs > now && session.startedAtMs <= entry.atMs;
    });
  }

  function remember(entry: Revocation): void {
    const before = here.get(entry.key);
    if (before === undefined || before.atMs < entry.atMs) here.set(entry.key, entry);
    for (const [key, { untilMs }] of here) if (untilMs <= clock.now()) here.delete(key);
  }

  async function ask(session: Session): Promise<void> {
    try {
      const limits = { signal: NEVER, deadline: clock.deadline(storeDeadlineMs), late };
      const answers = await within(limits, () => Promise.all(keysOf(session).map((key) => store.get(key))));
      keysOf(session).forEach((key, i) => {
        const atMs = Number(answers[i] ?? Number.NaN);
        if (!Number.isFinite(atMs)) return;
        const entry = entryOf(key, credible(atMs, clock.now()), totalMs);
        remember(entry);
        if (entry.atMs !== atMs) void replace({ store, log }, entry, totalMs);
      });
      isStoreSilent = false;
    } catch (err) {
      if (!isStoreSilent) log.warn({ err }, "store does not answer: only local revocations hold");
      isStoreSilent = true;
    }
  }

  async function add(key: string): Promise<void> {
    const entry = entryOf(key, clock.now(), totalMs);
    remember(entry);
    const kept = await Promise.allSettled([
      store.set(key, String(entry.atMs), totalMs),
      journal?.append(entry),
    ]);
    for (const result of kept) {
      if (result.status === "rejected") log.error({ err: result.reason as unknown }, "revocation not kept");
    }
  }

  return {
    async isRevoked(session) {
      if (isKnown(session)) return true;
      let last = asked.get(session.id);
      if (last === undefined || clock.now() - last.atMs >= askEveryMs) {
        last = { atMs: clock.now(), answer: ask(session) };
        asked.set(session.id, last);
      }
      await last.answer;
      return isKnown(session);
    },
    revoke: (session) => add(sessionKey(session.id)),
    revokeUser: (user) => add(userKey(user)),
  };
}

function entryOf(key: string, atMs: number, totalMs: number): Revocation {
  return { key, atMs, untilMs: atMs + totalMs };
}

/** A time far ahead would revoke what is yet to begin, for ever: it becomes the time it is read. */
function credible(atMs: number, now: number): number {
  return atMs > now + MAX_SKEW_MS ? now : atMs;
}

async function replace(
  { store, log }: Pick<Deps, "store" | "log">,
  { key, atMs }: Revocation,
  ttlMs: number,
): Promise<void> {
  log.warn({ key, atMs }, "the store held a revocation from the future: it counts from now");
  await store.set(key, String(atMs), ttlMs).catch((err: unknown) => {
    log.warn({ err, key }, "a revocation from the future stays in the store");
  });
}

function sessionKey(id: string): string {
  return `revoked/${id}`;
}

function userKey(user: UserName): string {
  return `signed-out/${user}`;
}

function keysOf({ id, user }: Session): readonly [string, string] {
  return [sessionKey(id), userKey(user)];
}

/** What clocks of routers that share a store may differ by. */
const MAX_SKEW_MS = 60_000;

/** Shared by all who ask about a session: nobody's leaving ends the question. */
const NEVER = new AbortController().signal;

function late(cause: unknown): AppError {
  return new AppError("STORE_UNAVAILABLE", "the store did not answer in time", { cause });
}
