import { z } from "zod";
import type { NodeId, UserName } from "../../../model.ts";

/** Who signed in, as the signed session cookie says it. */
export interface Session {
  /** Random; what a revocation names. */
  readonly id: string;
  readonly user: UserName;
  /** As the lobby told them; empty when they are too many for a cookie (`areGroupsCut`). */
  readonly groups: readonly string[];
  readonly areGroupsCut?: true;
  readonly isAdmin: boolean;
  /** The hub that vouched for the user; absent with `auth: header`. */
  readonly lobby?: NodeId;
  /** Hubs this session has visited by ticket: where signing out must end something. */
  readonly nodes: readonly NodeId[];
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
}

/** What a request's cookies (or trusted headers) say. */
export type SessionLookup =
  | { readonly kind: "none" }
  | {
      readonly kind: "session";
      readonly session: Session;
      /** Set-Cookie values that renew it; to be added to the answer, whatever that is. */
      readonly renewal: readonly string[];
    }
  /** For instance: the session cookie came twice. Answered with 400 and this reason. */
  | { readonly kind: "refused"; readonly reason: string };

/** The request as sign-in needs it: lower-case header names as Node gives them, and the peer's address. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Every name and value in order, as in `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
}

/** Tells who a request comes from. Fast: it runs on every request that is proxied. */
export interface SessionReader {
  read(request: Credentials): Promise<SessionLookup>;
}

/** Sessions from sign-in to sign-out. */
export interface Sessions extends SessionReader {
  /** A new session and the Set-Cookie values that carry it. */
  begin(visitor: Visitor, lobby: NodeId): Promise<StartedSession>;
  /** Notes that the session has been to a hub, and renews it. */
  addNode(session: Session, node: NodeId): Promise<StartedSession>;
  /** Every hub the session has been to, as far as cookie, memory and store know. */
  visited(session: Session): Promise<readonly NodeId[]>;
  /** From now on the session is nobody's, wherever its cookie was copied to. */
  revoke(session: Session): Promise<void>;
  /** The same for every session the user has begun until now. */
  revokeUser(user: UserName): Promise<void>;
  /** Set-Cookie values that take the session out of the browser. */
  expireCookies(): readonly string[];
}

/** Whom a lobby named. What it thinks of admins is not asked. */
export interface Visitor {
  readonly user: UserName;
  readonly groups: readonly string[];
}

export interface StartedSession {
  readonly session: Session;
  readonly cookies: readonly string[];
}

export interface SessionLifetime {
  /** How long one cookie is good for. */
  readonly idleMs: number;
  /** How long a session lasts from sign-in, however much it is used. */
  readonly totalMs: number;
}

export const SESSION_LIFETIME: SessionLifetime = { idleMs: 15 * 60_000, totalMs: 8 * 3_600_000 };

/** When a cookie issued now stops being good. */
export function expiry(startedAtMs: number, nowMs: number, { idleMs, totalMs }: SessionLifetime): number {
  return Math.min(nowMs + idleMs, startedAtMs + totalMs);
}

/** Less than half is left, and a new cookie would last longer. */
export function needsRenewal(session: Session, nowMs: number, lifetime: SessionLifetime): boolean {
  const isHalfGone = session.expiresAtMs - nowMs < lifetime.idleMs / 2;
  return isHalfGone && expiry(session.startedAtMs, nowMs, lifetime) > session.expiresAtMs;
}

/** Who is an admin: the configuration says so by name, or by a group of the lobby. */
export interface AdminRule {
  readonly adminUsers: readonly string[];
  readonly adminGroups: readonly string[];
}

/** Whether one of the user's groups makes an admin. */
export function isInAdminGroup(groups: readonly string[], { adminGroups }: AdminRule): boolean {
  return groups.some((group) => adminGroups.includes(group));
}

/** A cookie holds 4096 bytes: room for this many visited hubs and this much of group names. */
const MAX_NODES = 20;
const MAX_GROUPS_LENGTH = 900;

/** The session with one more hub; the hub visited longest ago makes room. */
export function withNode(session: Session, node: NodeId): Session {
  const nodes = [...session.nodes.filter((other) => other !== node), node].slice(-MAX_NODES);
  return { ...session, nodes };
}

/** The groups as far as a cookie can carry them: all or none. */
export function fitGroups(groups: readonly string[]): Pick<Session, "groups" | "areGroupsCut"> {
  const fits = Buffer.byteLength(JSON.stringify(groups)) <= MAX_GROUPS_LENGTH;
  return fits ? { groups } : { groups: [], areGroupsCut: true };
}

/** A session at its begin; its first cookie says how long it is good for. */
export function newSession(
  id: string,
  { user, groups }: Visitor,
  lobby: NodeId,
  nowMs: number,
  admins: AdminRule,
): Session {
  const isAdmin = admins.adminUsers.includes(user) || isInAdminGroup(groups, admins);
  const times = { startedAtMs: nowMs, expiresAtMs: nowMs };
  return { id, user, ...fitGroups(groups), isAdmin, lobby, nodes: [lobby], ...times };
}

const CLAIMS = z.object({
  sid: z.string().min(16),
  sub: z.string().min(1),
  grp: z.array(z.string()),
  cut: z.literal(true).optional(),
  /** An admin by group; by name it is looked up on each request. */
  adm: z.boolean(),
  lob: z.string().optional(),
  nds: z.array(z.string()),
  /** Sign-in and expiry, in milliseconds. */
  beg: z.number().int(),
  end: z.number().int(),
});

/** What the signed cookie says, with short names: every byte travels with every request. */
export function toClaims(session: Session, isAdminByGroup: boolean): z.infer<typeof CLAIMS> {
  return {
    sid: session.id,
    sub: session.user,
    grp: [...session.groups],
    ...(session.areGroupsCut === true ? { cut: true as const } : {}),
    adm: isAdminByGroup,
    ...(session.lobby === undefined ? {} : { lob: session.lobby }),
    nds: [...session.nodes],
    beg: session.startedAtMs,
    end: session.expiresAtMs,
  };
}

/** A session out of claims whose signature was good; `undefined` when they are of another version. */
export function fromClaims(claims: unknown, { adminUsers }: AdminRule): Session | undefined {
  const parsed = CLAIMS.safeParse(claims);
  if (!parsed.success) return undefined;
  const { sid, sub, grp, cut, adm, lob, nds, beg, end } = parsed.data;
  return {
    id: sid,
    user: sub as UserName,
    groups: grp,
    ...(cut === undefined ? {} : { areGroupsCut: cut }),
    isAdmin: adm || adminUsers.includes(sub),
    ...(lob === undefined ? {} : { lobby: lob as NodeId }),
    nodes: nds as NodeId[],
    startedAtMs: beg,
    expiresAtMs: end,
  };
}
