import type { KeyObject } from "node:crypto";
import type { NodeId } from "../../model.ts";
import type { Store } from "../../cache-ports.ts";
import type { Clock, HubApi, HubKeeper, Lobby, Log, Random } from "../../ports.ts";
import { createBinds } from "./bind.ts";
import { createFormTokens } from "./decide/form-token.ts";
import type { AdminRule, SessionLifetime, Sessions } from "./decide/session.ts";
import { SESSION_LIFETIME } from "./decide/session.ts";
import type { Keys } from "./decide/keys.ts";
import type { SignInServices } from "./decide/sign-in.ts";
import type { Urls } from "../web/decide/urls.ts";
import { createHeaderSessions, type HeaderAuthOptions } from "./header-auth.ts";
import { createPasses } from "./passes.ts";
import type { Revocations } from "./revocations.ts";
import { createSessions } from "./sessions.ts";
import { createSignIn } from "./sign-in.ts";
import { createSignOut } from "./sign-out.ts";
import { createTickets } from "./tickets.ts";
import { createVisits } from "./visits.ts";

export type { SignInServices };

export interface SignInDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly hubs: HubApi;
  readonly lobby: Lobby;
  readonly keeper: HubKeeper;
  readonly urls: Urls;
  /** Every node of the hosts file, as it is now. */
  readonly nodes: () => readonly NodeId[];
  /** Hubs trusted to say who a visitor is, in order. */
  readonly lobbies: () => readonly NodeId[];
  /** How far a node's clock is ahead of ours; 0 while it is not known. */
  readonly clockOffsetMs: (node: NodeId) => number;
  readonly revocations: Revocations;
}

export interface SignInOptions extends AdminRule {
  readonly masterKeys: Keys;
  /** Ed25519. */
  readonly ticketKey: () => KeyObject;
  /** Browsers reach us by https. */
  readonly isSecure: boolean;
  readonly lifetime?: SessionLifetime;
  /** Present with `auth: header`. */
  readonly header?: Pick<HeaderAuthOptions, "userHeader" | "groupsHeader" | "secretHeader" | "secret"> & {
    readonly isProxy: (address: string) => boolean;
  };
}

/** Everything about who a visitor is, put together. */
export function createSignInServices(deps: SignInDeps, options: SignInOptions): SignInServices {
  const sessions = createSessionsFor(deps, options);
  const tickets = createTickets(deps, options.ticketKey);
  const binds = createBinds(deps, options);
  function isKnown(node: NodeId): boolean {
    return deps.nodes().includes(node);
  }
  const passes = createPasses({ ...deps, sessions, binds, tickets, isKnown }, options);
  const signOut = createSignOut({ ...deps, sessions, binds, tickets });
  const auth = options.header === undefined ? "hub" : "header";
  const signIn = createSignIn(
    { ...deps, sessions, binds, passes, endAtHubs: (session) => signOut.endAtHubs(session) },
    { ...options, auth },
  );
  return { sessions, tickets, formTokens: createFormTokens(options.masterKeys), signIn, signOut };
}

function createSessionsFor(deps: SignInDeps, options: SignInOptions): Sessions {
  const { header, lifetime = SESSION_LIFETIME } = options;
  if (header !== undefined) {
    const visits = createVisits(deps, lifetime.totalMs);
    return createHeaderSessions({ ...deps, visits, isProxy: header.isProxy }, { ...options, ...header });
  }
  return createSessions(deps, { ...options, lifetime });
}
