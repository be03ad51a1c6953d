import type { Clock, Log, Random, Store } from "../ports.ts";
import { expireOwn, findCookie, setCookie } from "./decide/cookies.ts";
import { deriveKey } from "./decide/keys.ts";
import { createLru } from "./decide/lru.ts";
import type { AdminRule, Session, SessionLifetime, Sessions, StartedSession } from "./decide/session.ts";
import * as decide from "./decide/session.ts";
import type { Revocations } from "./revocations.ts";
import { createSeal } from "./seal.ts";
import { createVisits } from "./visits.ts";

interface Deps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly log: Log;
  readonly revocations: Revocations;
}

interface Options extends AdminRule {
  /** The newest first; two while keys are rotated. */
  readonly masterKeys: readonly Uint8Array[];
  /** Browsers reach us by https. */
  readonly isSecure: boolean;
  readonly lifetime?: SessionLifetime;
}

/** Sessions in signed cookies. A verified cookie is remembered, so a proxied request costs a look-up. */
export function createSessions({ clock, random, store, log, revocations }: Deps, options: Options): Sessions {
  const { masterKeys, isSecure, lifetime = decide.SESSION_LIFETIME } = options;
  const keys = masterKeys.map((master) => deriveKey(master, "session"));
  const seal = createSeal("session", keys, { clock });
  const verified = createLru<string, Session>(5000);
  const visits = createVisits({ store, log }, lifetime.totalMs);

  async function open(cookie: string): Promise<Session | undefined> {
    const session = verified.get(cookie) ?? decide.fromClaims(await seal.open(cookie), options);
    if (session === undefined) return undefined;
    if (session.expiresAtMs <= clock.now()) {
      verified.delete(cookie);
      return undefined;
    }
    verified.set(cookie, session);
    return (await revocations.isRevoked(session)) ? undefined : session;
  }

  /** The session with a fresh expiry, in a cookie. */
  async function issue(session: Session): Promise<StartedSession> {
    const now = clock.now();
    const renewed = { ...session, expiresAtMs: decide.expiry(session.startedAtMs, now, lifetime) };
    const isAdminByGroup = session.isAdmin && !options.adminUsers.includes(session.user);
    const value = await seal.close(decide.toClaims(renewed, isAdminByGroup), renewed.expiresAtMs);
    const cookie = setCookie("session", value, { isSecure, maxAgeMs: renewed.expiresAtMs - now });
    return { session: renewed, cookies: [cookie] };
  }

  return {
    async read({ rawHeaders }) {
      const found = findCookie(rawHeaders, "session", isSecure);
      if (found.kind === "ambiguous") return { kind: "refused", reason: "The session cookie came twice." };
      const session = found.kind === "value" ? await open(found.value) : undefined;
      if (session === undefined) return { kind: "none" };
      if (!decide.needsRenewal(session, clock.now(), lifetime)) {
        return { kind: "session", session, renewal: [] };
      }
      const renewed = await issue(session);
      return { kind: "session", session: renewed.session, renewal: renewed.cookies };
    },
    async begin({ user, groups }, lobby) {
      const session = decide.newSession(random.token(18), { user, groups }, lobby, clock.now(), options);
      await visits.note(session);
      return issue(session);
    },
    async addNode(session, node) {
      const wider = decide.withNode(session, node);
      await visits.note(wider);
      return issue(wider);
    },
    visited: (session) => visits.of(session),
    revoke: (session) => revocations.revoke(session),
    revokeUser: (user) => revocations.revokeUser(user),
    expireCookies: () => expireOwn("session", isSecure),
  };
}
