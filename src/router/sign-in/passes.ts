import type { NodeId } from "../../model.ts";
import { parseNodeId } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import type { Binds } from "./bind.ts";
import { setCookie } from "./decide/cookies.ts";
import { derivedKeys, mac, newestOf, type Keys } from "./decide/keys.ts";
import { createLru } from "../web/decide/lru.ts";
import type { Credentials, Session, Sessions } from "./decide/session.ts";
import { nodeOfPlace, redirect, routerLoginPath, trouble, type SignInOutcome } from "./decide/sign-in.ts";
import type { Tickets } from "./decide/ticket.ts";
import type { Urls } from "../web/decide/urls.ts";

/** The way of a signed-in browser into a hub. */
export interface Passes {
  /** The node of that name, if the hosts file has it. */
  find(name: string): NodeId | undefined;
  /** Sets the nonce, then sends the browser to the hub with a ticket bound to it. `next` must be on that node. */
  issue(
    request: Credentials,
    session: Session,
    node: NodeId,
    next: string | undefined,
  ): Promise<SignInOutcome>;
}

interface Deps {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly binds: Binds;
  readonly tickets: Tickets;
  readonly urls: Urls;
  readonly isKnown: (node: NodeId) => boolean;
}

interface Options {
  readonly masterKeys: Keys;
  readonly isSecure: boolean;
}

const NONCE_LIFETIME_MS = 60_000;
/** More tickets than this for one hub in so short a time: it sends the browser back each time. Restored tabs need a few. */
const LOOP = { tickets: 30, withinMs: 20_000 };

/** Passes whose nonce is the same for all tabs of a session at a hub: tabs opened at once do not spoil each other's. */
export function createPasses(deps: Deps, { masterKeys, isSecure }: Options): Passes {
  const { clock, sessions, binds, tickets, urls, isKnown } = deps;
  const keys = derivedKeys(masterKeys, "nonce");
  const mayGo = createLoopGuard(clock);

  /** What to expire if another user signs in in this browser. */
  async function rememberVisit(request: Credentials, { user, nodes }: Session): Promise<string> {
    const bind = (await binds.read(request)) ?? binds.create();
    return binds.toCookie({ ...bind, last: { user, nodes } });
  }

  return {
    find(name) {
      const node = parseNodeId(name);
      return node !== undefined && isKnown(node) ? node : undefined;
    },
    async issue(request, session, node, next) {
      if (!mayGo(`${session.id} ${node}`)) return trouble({ reason: "loop", node });
      const started = await sessions.addNode(session, node);
      const nonce = mac(newestOf(keys), session.id, node);
      const path = urls.urlFor(node, "/hub/router_login");
      const cookie = setCookie("nonce", nonce, { isSecure, path, maxAgeMs: NONCE_LIFETIME_MS });
      const place = next !== undefined && nodeOfPlace(next) === node ? next : urls.urlFor(node, "/hub/");
      const location = urls.urlFor(node, routerLoginPath(tickets.login(started.session, node, nonce), place));
      return redirect(location, [...started.cookies, cookie, await rememberVisit(request, started.session)]);
    },
  };
}

/** Whether another ticket may be issued, per session and hub. */
function createLoopGuard(clock: Clock): (key: string) => boolean {
  const issued = createLru<string, readonly number[]>(5000);
  return (key) => {
    const now = clock.now();
    const recent = (issued.get(key) ?? []).filter((atMs) => now - atMs < LOOP.withinMs);
    if (recent.length >= LOOP.tickets) return false;
    issued.set(key, [...recent, now]);
    return true;
  };
}
