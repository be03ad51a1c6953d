import type { Store } from "../../cache-ports.ts";
import type { Clock, Log, Random } from "../../ports.ts";
import { expireOwn, findCookie, setCookie } from "./decide/cookies.ts";
import { derivedKeys, type Keys } from "./decide/keys.ts";
import { createLru, type Lru } from "../web/decide/lru.ts";
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
  readonly masterKeys: Keys;
  /** Browsers reach us by https. */
  readonly isSecure: boolean;
  readonly lifetime?: SessionLifetime;
}

/** Sessions in signed cookies. A verified cookie is remembered, so a proxied request costs a look-up. */
export function createSessions({ clock, random, store, log, revocations }: Deps, options: Options): Sessions {
  const { masterKeys, isSecure, lifetime = decide.SESSION_LIFETIME } = options;
  const seal = createSeal("session", derivedKeys(masterKeys, "session"), { clock });
  const verifiedBy = createMemoryPerKeys(masterKeys);
  const visits = createVisits({ store, log }, lifetime.totalMs);

  async function open(cookie: string): Promise<Verified | undefined> {
    const known = verifiedBy();
    const verified = known.get(cookie) ?? (await verify(cookie));
    if (verified === undefined) return undefined;
    if (verified.session.expiresAtMs <= clock.now()) {
      known.delete(cookie);
      return undefined;
    }
    known.set(cookie, verified);
    return (await revocations.isRevoked(verified.session)) ? undefined : verified;
  }

  async function verify(cookie: string): Promise<Verified | undefined> {
    const session = decide.fromClaims(await seal.open(cookie), options);
    return session && { session, isNewest: await seal.isNewest(cookie) };
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
      const verified = found.kind === "value" ? await open(found.value) : undefined;
      if (verified === undefined) return { kind: "none" };
      const { session, isNewest } = verified;
      if (isNewest && !decide.needsRenewal(session, clock.now(), lifetime)) {
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

interface Verified {
  readonly session: Session;
  /** Else it is signed anew when it is used next: who is at work is not signed out with the former key. */
  readonly isNewest: boolean;
}

/** The cookies that were verified by these keys: with a key goes what it vouched for. */
function createMemoryPerKeys(masterKeys: Keys): () => Lru<string, Verified> {
  let source = masterKeys();
  let verified = createLru<string, Verified>(5000);
  return () => {
    if (masterKeys() !== source) verified = createLru(5000);
    source = masterKeys();
    return verified;
  };
}
