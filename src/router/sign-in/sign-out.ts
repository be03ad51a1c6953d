import type { NodeId, UserName } from "../../model.ts";
import type { Clock, HubApi, Log } from "../../ports.ts";
import type { Binds } from "./bind.ts";
import type { Session, Sessions } from "./decide/session.ts";
import { expireHubCookies, type Bind, type LobbyTrouble, type SignOut } from "./decide/sign-in.ts";
import type { Tickets } from "./decide/ticket.ts";
import type { Urls } from "../web/decide/urls.ts";
import { wordsFor } from "./lobbies.ts";

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  readonly binds: Binds;
  readonly tickets: Tickets;
  readonly hubs: HubApi;
  readonly urls: Urls;
  /** Every node of the hosts file. */
  readonly nodes: () => readonly NodeId[];
}

interface Ended {
  readonly ended: readonly NodeId[];
  readonly silent: readonly LobbyTrouble[];
}

/** Sign-out that also ends things at the hubs: cookies deleted in one browser may have been copied before. */
export interface SignOutService extends SignOut {
  /** Ends one session at the hubs it has been to. Never rejects. */
  endAtHubs(session: Session): Promise<Ended>;
}

const AT_ONCE = 32;

/** Every hub is asked at the same time (at most 32), each with the same deadline. */
export function createSignOut(deps: Deps, { deadlineMs = 5000 } = {}): SignOutService {
  const { clock, log, sessions, binds, tickets, hubs, urls } = deps;

  async function end(user: UserName, nodes: readonly NodeId[], sessionId?: string): Promise<Ended> {
    const ended: NodeId[] = [];
    const silent: LobbyTrouble[] = [];
    for (let from = 0; from < nodes.length; from += AT_ONCE) {
      const batch = nodes.slice(from, from + AT_ONCE).map(async (node) => {
        try {
          await hubs.signOut(node, tickets.signOut(user, node, sessionId), clock.deadline(deadlineMs));
          ended.push(node);
        } catch (err) {
          log.warn({ err, node, user }, "hub did not sign a user out");
          silent.push({ node, detail: wordsFor(err) });
        }
      });
      await Promise.all(batch);
    }
    return { ended: ended.toSorted(), silent: silent.toSorted((a, b) => (a.node < b.node ? -1 : 1)) };
  }

  async function endAtHubs(session: Session): Promise<Ended> {
    return end(session.user, await sessions.visited(session), session.id);
  }

  /** Takes out of the browser what we and hubs put there. */
  async function forget(bind: Bind | undefined, former: Bind["last"]): Promise<readonly string[]> {
    return [
      ...sessions.expireCookies(),
      ...(former === undefined ? [] : expireHubCookies(former.user, [...new Set(former.nodes)], urls)),
      ...(bind === undefined ? [] : [await binds.toCookie({ id: bind.id })]),
    ];
  }

  return {
    endAtHubs,
    async signOut(request) {
      const lookup = await sessions.read(request);
      const bind = await binds.read(request);
      if (lookup.kind !== "session") return { ...NOTHING, cookies: await forget(bind, bind?.last) };
      const { session } = lookup;
      await sessions.revoke(session);
      const done = await endAtHubs(session);
      log.info({ user: session.user, ...done }, "signed out");
      const nodes = [...done.ended, ...done.silent.map(({ node }) => node), ...(bind?.last?.nodes ?? [])];
      const word = session.lobby === undefined ? { isProxyWord: true as const } : {};
      return {
        user: session.user,
        ...done,
        ...word,
        cookies: await forget(bind, { user: session.user, nodes }),
      };
    },
    async signOutUser(user) {
      await sessions.revokeUser(user);
      const farewell = await end(user, deps.nodes());
      log.info({ user, ...farewell }, "user signed out everywhere");
      return { user, ...farewell, cookies: [] };
    },
  };
}

const NOTHING: Ended = { ended: [], silent: [] };
