import { stringifySetCookie } from "cookie";
import { z } from "zod";
import { DEFAULT_SERVER, parseNodeId, type NodeId, type UserName } from "../../../model.ts";
import { escapeSegment } from "../../../user-name.ts";
import type { FormTokens } from "./form-token.ts";
import type { Credentials, Sessions } from "./session.ts";
import type { Tickets } from "./ticket.ts";
import { safeNext, serverPath, type Urls } from "../../web/decide/urls.ts";

/** Signing in, as the routes see it. Every failure is a page with a way forward. */
export interface SignIn {
  /** GET /login: to the lobby's form; for who is signed in, on to `next`, by ticket when a hub (`node`) asks. */
  login(request: Credentials, query: LoginQuery, signal: AbortSignal): Promise<SignInOutcome>;
  /** GET /auth/callback: the lobby's answer. */
  callback(request: Credentials, query: CallbackQuery, signal: AbortSignal): Promise<SignInOutcome>;
}

export interface LoginQuery {
  readonly next?: string | undefined;
  readonly node?: string | undefined;
}

interface CallbackQuery {
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
}

/** Why a visitor gets a page instead of the next step. */
export type SignInTrouble =
  | { readonly reason: "cookie-twice" }
  | { readonly reason: "unknown-node"; readonly node: string }
  | { readonly reason: "loop"; readonly node: NodeId }
  | { readonly reason: "not-started-here" }
  | { readonly reason: "declined"; readonly node: NodeId }
  | { readonly reason: "failed"; readonly node: NodeId; readonly detail: string }
  | { readonly reason: "lobby-down"; readonly lobbies: readonly LobbyTrouble[]; readonly retry: string }
  | { readonly reason: "no-header" };

export interface LobbyTrouble {
  readonly node: NodeId;
  readonly detail: string;
}

export type SignInOutcome = { readonly cookies: readonly string[] } & (
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "trouble"; readonly trouble: SignInTrouble }
);

/** The next step. */
export function redirect(location: string, cookies: readonly string[] = []): SignInOutcome {
  return { kind: "redirect", location, cookies };
}

/** No next step, but a page. */
export function trouble(why: SignInTrouble, cookies: readonly string[] = []): SignInOutcome {
  return { kind: "trouble", trouble: why, cookies };
}

/** Signing out, as the routes see it. */
export interface SignOut {
  /** Ends the browser's session here and at every hub it has been to. */
  signOut(request: Credentials): Promise<Farewell>;
  /** Ends every session the user has begun until now, at every hub (`multijhub signout USER`). */
  signOutUser(user: UserName): Promise<Farewell>;
}

/** Everything about who a visitor is. */
export interface SignInServices {
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly formTokens: FormTokens;
  readonly signIn: SignIn;
  readonly signOut: SignOut;
}

/** What signing out did, and what it could not do. */
export interface Farewell {
  /** Absent when nobody was signed in. */
  readonly user?: UserName;
  readonly ended: readonly NodeId[];
  /** Hubs that did not answer: what they gave this browser stays good until they are told. */
  readonly silent: readonly LobbyTrouble[];
  /** Who they are is said by a proxy in front of us, which has not forgotten them. */
  readonly isProxyWord?: true;
  readonly cookies: readonly string[];
}

/** Longer places are forgotten: they travel in addresses that have to fit. */
const MAX_NEXT_LENGTH = 3000;

/** Where to go after sign-in, if it is a place of ours of a length that can travel. */
export function nextPlace(next: string | undefined): string | undefined {
  const place = safeNext(next);
  return place !== undefined && place.length <= MAX_NEXT_LENGTH ? place : undefined;
}

/** The node whose pages a place belongs to. */
export function nodeOfPlace(place: string | undefined): NodeId | undefined {
  const [, name] = /^\/n\/([^/?#]+)\//.exec(place ?? "") ?? [];
  return name === undefined ? undefined : parseNodeId(name);
}

/** Where the router's sign-in continues. */
export function loginPath({ node, next }: LoginQuery): string {
  const query = new URLSearchParams();
  if (node !== undefined) query.set("node", node);
  if (next !== undefined) query.set("next", next);
  return query.size === 0 ? "/login" : `/login?${query.toString()}`;
}

/** The path at a lobby hub where it says who the visitor is, below the node. */
export function authorizePath(state: string): string {
  const query = new URLSearchParams({
    client_id: "service-multijhub",
    redirect_uri: "/auth/callback",
    response_type: "code",
    state,
  });
  return `/hub/api/oauth2/authorize?${query.toString()}`;
}

/** The path below the node where a ticket signs the browser in. */
export function routerLoginPath(ticket: string, next: string): string {
  return `/hub/router_login?${new URLSearchParams({ router_token: ticket, next }).toString()}`;
}

const STATE = z.object({
  /** Hash of the browser's bind id. */
  bnd: z.string(),
  lob: z.string(),
  nod: z.string().optional(),
  nxt: z.string().optional(),
});

/** What the OAuth `state` carries to the lobby and back. */
export interface SignInState {
  readonly bindHash: string;
  readonly lobby: NodeId;
  readonly node?: NodeId;
  readonly next?: string;
}

/** As claims of a signed text. */
export function stateToClaims({ bindHash, lobby, node, next }: SignInState): z.infer<typeof STATE> {
  return { bnd: bindHash, lob: lobby, nod: node, nxt: next };
}

/** Out of claims that were ours. */
export function stateFromClaims(claims: unknown): SignInState | undefined {
  const parsed = STATE.safeParse(claims);
  if (!parsed.success) return undefined;
  const { bnd, lob, nod, nxt } = parsed.data;
  return {
    bindHash: bnd,
    lobby: lob as NodeId,
    ...(nod === undefined ? {} : { node: nod as NodeId }),
    ...(nxt === undefined ? {} : { next: nxt }),
  };
}

const BIND = z.object({
  bid: z.string(),
  usr: z.string().optional(),
  nds: z.array(z.string()).optional(),
});

/** What a browser keeps between sign-ins: an id its sign-ins are bound to, and who was here last. */
export interface Bind {
  readonly id: string;
  readonly last?: { readonly user: UserName; readonly nodes: readonly NodeId[] };
}

/** As claims of a signed text. */
export function bindToClaims({ id, last }: Bind): z.infer<typeof BIND> {
  return { bid: id, usr: last?.user, nds: last === undefined ? undefined : [...last.nodes] };
}

/** Out of claims that were ours. */
export function bindFromClaims(claims: unknown): Bind | undefined {
  const parsed = BIND.safeParse(claims);
  if (!parsed.success) return undefined;
  const { bid, usr, nds = [] } = parsed.data;
  return {
    id: bid,
    ...(usr === undefined ? {} : { last: { user: usr as UserName, nodes: nds as NodeId[] } }),
  };
}

/** Set-Cookie values that end what hubs gave a user's browser. `keepHub` leaves the hub's own sign-in alone. */
export function expireHubCookies(
  user: UserName,
  nodes: readonly NodeId[],
  urls: Urls,
  { keepHub }: { readonly keepHub?: NodeId } = {},
): readonly string[] {
  const server = serverPath({ user, server: DEFAULT_SERVER });
  const ofServer = [
    [`jupyterhub-user-${quote(user)}`, server],
    ["_xsrf", server],
  ] as const;
  const ofHub = [
    ["jupyterhub-session-id", "/"],
    ["jupyterhub-hub-login", "/hub/"],
    ["_xsrf", "/hub/"],
    ["multijhub-nonce", "/hub/router_login"],
  ] as const;
  return nodes.flatMap((node) =>
    [...ofServer, ...(node === keepHub ? [] : ofHub)].map(([name, path]) =>
      stringifySetCookie({ name, value: "", path: urls.urlFor(node, path), maxAge: 0, httpOnly: true }),
    ),
  );
}

/** Python's `quote(safe="")`, by which JupyterHub names the cookie of a server. */
function quote(name: string): string {
  return escapeSegment(name).replaceAll("@", "%40");
}
