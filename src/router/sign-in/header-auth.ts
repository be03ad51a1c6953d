import { AppError } from "../../errors.ts";
import type { NodeId, UserName } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import { parseLogin } from "../../user-name.ts";
import { derivedKeys, isSameSecret, mac, newestOf, type Keys } from "./decide/keys.ts";
import { valuesOf } from "../web/decide/own-names.ts";
import {
  fitGroups,
  isInAdminGroup,
  type AdminRule,
  type Credentials,
  type Session,
  type SessionLookup,
  type Sessions,
} from "./decide/session.ts";
import type { Visits } from "./visits.ts";

interface Deps {
  readonly clock: Clock;
  readonly visits: Visits;
  /** Whether the peer is a proxy of the configuration's list. */
  readonly isProxy: (address: string) => boolean;
}

export interface HeaderAuthOptions extends AdminRule {
  readonly masterKeys: Keys;
  readonly userHeader: string;
  readonly groupsHeader?: string | undefined;
  readonly secretHeader: string;
  /** What the proxy sends in `secretHeader`, and nobody else knows. */
  readonly secret: string;
}

/**
 * `auth: header`: a proxy in front of us says who the visitor is. Believed only from its address and with its secret.
 * There is no cookie: a session is the user, the same in every browser, and ends when the proxy says so.
 * Throws BAD_CONFIG for a secret that could be guessed.
 */
export function createHeaderSessions(deps: Deps, options: HeaderAuthOptions): Sessions {
  const { clock, visits, isProxy } = deps;
  if (options.secret.length < MIN_SECRET_LENGTH) throw shortSecret();
  const keys = derivedKeys(options.masterKeys, "header");

  function sessionOf(user: UserName, groups: readonly string[]): Session {
    const now = clock.now();
    const isAdmin = options.adminUsers.includes(user) || isInAdminGroup(groups, options);
    const times = { startedAtMs: now, expiresAtMs: now + 60_000 };
    return { id: mac(newestOf(keys), user), user, ...fitGroups(groups), isAdmin, nodes: [], ...times };
  }

  function read(request: Credentials): SessionLookup {
    const secret = only(request, options.secretHeader);
    const isTrusted = isProxy(request.remoteAddress) && secret !== undefined;
    if (!isTrusted || !isSameSecret(secret, options.secret)) return { kind: "none" };
    const name = only(request, options.userHeader);
    if (name === undefined || name === "") return { kind: "none" };
    const user = parseLogin(utf8(name));
    if (user === undefined) return { kind: "refused", reason: "The proxy named a user that cannot be one." };
    return { kind: "session", session: sessionOf(user, groupsOf(request)), renewal: [] };
  }

  function groupsOf(request: Credentials): readonly string[] {
    const text = options.groupsHeader === undefined ? undefined : only(request, options.groupsHeader);
    const names = utf8(text ?? "").split(/[,;|]/);
    return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))];
  }

  async function addNode(session: Session, node: NodeId) {
    const wider = { ...session, nodes: [...new Set([...session.nodes, node])] };
    await visits.note(wider);
    return { session: wider, cookies: [] };
  }

  return {
    read: (request) => Promise.resolve(read(request)),
    begin: () => Promise.reject(new TypeError("with auth: header the proxy begins sessions")),
    addNode,
    visited: (session) => visits.of(session),
    revoke: () => Promise.resolve(),
    revokeUser: () => Promise.resolve(),
    expireCookies: () => [],
  };
}

const MIN_SECRET_LENGTH = 16;

function shortSecret(): AppError {
  return new AppError("BAD_CONFIG", `auth.secret_file holds less than ${MIN_SECRET_LENGTH} characters`, {
    remedy: "make one with `openssl rand -hex 32`, and have the proxy send it",
  });
}

/** The header's value if it came exactly once: which of two to believe is not ours to guess. */
function only({ rawHeaders }: Credentials, name: string): string | undefined {
  const values = valuesOf(rawHeaders, name.toLowerCase());
  return values.length === 1 ? values[0] : undefined;
}

/** Node reads header bytes as Latin-1. */
function utf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
