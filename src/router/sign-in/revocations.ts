import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { UserName } from "../../model.ts";
import type { CacheWatch, Channels, Store } from "../../cache-ports.ts";
import type { Clock, Log } from "../../ports.ts";
import { createLru } from "../web/decide/lru.ts";
import { parseRevocation, type Revocation, type RevocationJournal } from "./decide/revocation.ts";
import type { Session } from "./decide/session.ts";
import { createKnownRevocations, keysOf, sessionKey, userKey } from "./known-revocations.ts";

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
  readonly store: Store & Channels & Pick<CacheWatch, "onReturn">;
  readonly log: Log;
  readonly journal?: RevocationJournal;
}

interface Options {
  /** No session outlives this. */
  readonly totalMs: number;
  readonly askEveryMs?: number;
  /** What the journal held when the router started. */
  readonly known?: readonly Revocation[];
}

/**
 * Revocations kept here, in the store that routers share, and in the journal if there is one. Other routers are told at
 * once; the store is for those that did not hear it.
 */
export function createRevocations({ clock, store, log, journal }: Deps, options: Options): Revocations {
  const { totalMs, askEveryMs = 2000, known = [] } = options;
  const here = createKnownRevocations({ clock }, { totalMs, known });
  const asked = createLru<string, { readonly atMs: number; readonly answer: Promise<void> }>(10_000);
  let isStoreSilent = false;

  async function ask(session: Session): Promise<void> {
    const keys = keysOf(session);
    try {
      const limits = { signal: NEVER, deadline: clock.deadline(STORE_MS), late };
      const answers = await within(limits, () => Promise.all(keys.map((key) => store.get(key))));
      keys.forEach((key, i) => {
        const atMs = Number(answers[i] ?? Number.NaN);
        if (!Number.isFinite(atMs)) return;
        const entry = here.add(key, atMs);
        if (entry.atMs !== atMs) void replace({ store, log }, entry, totalMs);
      });
      isStoreSilent = false;
    } catch (err) {
      if (!isStoreSilent) log.warn({ err }, "store does not answer: only local revocations hold");
      isStoreSilent = true;
    }
  }

  async function add(key: string): Promise<void> {
    const entry = here.add(key, clock.now());
    const kept = await Promise.allSettled([share(store, entry, totalMs), journal?.append(entry)]);
    for (const result of kept) {
      if (result.status === "rejected") log.error({ err: result.reason as unknown }, "revocation not kept");
    }
  }

  store.subscribe(CHANNEL, (text) => {
    const said = parseRevocation(text);
    if (said !== undefined) here.add(said.key, said.atMs);
  });
  store.onReturn(async () => {
    for (const entry of here.all()) await putBack(store, entry, entry.untilMs - clock.now());
  });
  return {
    async isRevoked(session) {
      if (here.covers(session)) return true;
      let last = asked.get(session.id);
      if (last === undefined || clock.now() - last.atMs >= askEveryMs) {
        last = { atMs: clock.now(), answer: ask(session) };
        asked.set(session.id, last);
      }
      await last.answer;
      return here.covers(session);
    },
    revoke: (session) => add(sessionKey(session.id)),
    revokeUser: (user) => add(userKey(user)),
  };
}

const CHANNEL = "revocations";
/** How long a session waits for the store. */
const STORE_MS = 500;

async function share(store: Store & Channels, { key, atMs }: Revocation, ttlMs: number): Promise<void> {
  await store.set(key, String(atMs), ttlMs);
  await store.publish(CHANNEL, JSON.stringify({ key, atMs }));
}

/** Into a store that has lost it, or holds an older one. */
async function putBack(store: Store, { key, atMs }: Revocation, leftMs: number): Promise<void> {
  if (leftMs <= 0 || (await store.setIfAbsent(key, String(atMs), leftMs))) return;
  if (!(Number(await store.get(key)) >= atMs)) await store.set(key, String(atMs), leftMs);
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

/** Shared by all who ask about a session: nobody's leaving ends the question. */
const NEVER = new AbortController().signal;

function late(cause: unknown): AppError {
  return new AppError("STORE_UNAVAILABLE", "the store did not answer in time", { cause });
}
