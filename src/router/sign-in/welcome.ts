import type { Clock, Lobby, Log } from "../../ports.ts";
import type { Binds } from "./bind.ts";
import type { Session, Sessions } from "./decide/session.ts";
import * as decide from "./decide/sign-in.ts";
import type { Bind, SignInOutcome, SignInState } from "./decide/sign-in.ts";
import type { Urls } from "../web/decide/urls.ts";

export interface WelcomeDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  readonly binds: Binds;
  readonly lobby: Lobby;
  readonly urls: Urls;
  /** Ends a session at its hubs. Never rejects. */
  readonly endAtHubs: (session: Session) => Promise<unknown>;
}

/** A visitor back from the lobby. */
export interface Arrival {
  readonly state: SignInState;
  readonly bind: Bind;
  readonly code: string;
  /** The session that was in this browser until now. */
  readonly before?: Session | undefined;
}

/** Asks the lobby who it is and begins the session. Throws what `Lobby.identify` throws. */
export async function welcome(
  deps: WelcomeDeps,
  { state, bind, code, before }: Arrival,
  signal: AbortSignal,
): Promise<SignInOutcome> {
  const identity = await deps.lobby.identify(state.lobby, code, signal);
  const { session, cookies } = await deps.sessions.begin(identity, state.lobby);
  if (before !== undefined) await leave(deps, before, session);
  deps.log.info({ user: session.user, lobby: state.lobby }, "signed in");
  const last = { user: session.user, nodes: session.nodes };
  return decide.redirect(placeAfter(state), [
    ...expireFormer(deps, bind, session),
    await deps.binds.toCookie({ id: bind.id, last }),
    ...cookies,
  ]);
}

/** The session that was in this browser is over: at its hubs as well when it was somebody else's. */
async function leave({ sessions, endAtHubs }: WelcomeDeps, before: Session, now: Session): Promise<void> {
  await sessions.revoke(before);
  if (before.user !== now.user) void endAtHubs(before);
}

/** What hubs gave the user who was here before; the lobby has just signed the new one in. */
function expireFormer({ urls }: WelcomeDeps, { last }: Bind, now: Session): readonly string[] {
  if (last === undefined || last.user === now.user) return [];
  const keep = now.lobby === undefined ? {} : { keepHub: now.lobby };
  return decide.expireHubCookies(last.user, last.nodes, urls, keep);
}

/** A place on a hub is reached by ticket, so that signing out finds what the hub gave this browser. */
function placeAfter({ node, next }: SignInState): string {
  const place = decide.nextPlace(next);
  const hub = node ?? decide.nodeOfPlace(place);
  return hub === undefined ? (place ?? "/") : decide.loginPath({ node: hub, next: place });
}
