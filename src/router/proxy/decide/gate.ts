import type { UserName } from "../../../model.ts";
import { escapeSegment } from "../../../user-name.ts";
import type { FetchKind } from "../../web/decide/fetch-kind.ts";
import { parseNodePath, type NodePath, type UserPath } from "./node-path.ts";
import type { ProxyAnswer } from "./proxy-answer.ts";
import type { SessionLookup } from "../../sign-in/decide/session.ts";
import { loginPath } from "../../sign-in/decide/sign-in.ts";

export type Verdict =
  | { readonly kind: "forward" }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "refuse"; readonly answer: ProxyAnswer };

export interface GateRequest {
  readonly method: string;
  readonly path: NodePath;
  readonly fetch: FetchKind;
  readonly lookup: SessionLookup;
}

/** Whether a request goes to its node: a user's server is code of that user, on our origin. */
export function judge(request: GateRequest): Verdict {
  const { lookup, path, fetch, method } = request;
  if (lookup.kind === "refused") return refuse(badRequest(lookup.reason));
  if (method === "TRACE" || method === "CONNECT") return refuse(METHOD_REFUSED);
  if (fetch === "service-worker" && !isOwnDirectory(path)) return refuse(WORKER_REFUSED);
  return path.area === "user" ? judgeUserArea(path, request) : judgeHubArea(path, request);
}

function judgeUserArea(path: UserPath, { fetch, lookup }: GateRequest): Verdict {
  if (lookup.kind === "session") {
    const { user } = lookup.session;
    return user === path.user ? FORWARD : refuse(notYours(path.user, user));
  }
  // An open tab whose session ended goes on: its server checks its own cookie.
  return fetch === "other"
    ? FORWARD
    : { kind: "redirect", location: loginPath({ next: canonicalUrl(path) }) };
}

const FORWARD: Verdict = { kind: "forward" };

/** `/n/<node>/user/<U>` without a slash could register a worker over all users of the node. */
function isOwnDirectory(path: NodePath): boolean {
  return path.area === "user" && path.rest !== "";
}

/** Pages of a hub that the router has its own way for; everything else a hub guards itself. */
function judgeHubArea(path: NodePath, { fetch, method }: GateRequest): Verdict {
  if (path.area !== "hub" || fetch !== "navigation") return FORWARD;
  const location = ownPageFor(path, method === "GET" || method === "HEAD");
  return location === undefined ? FORWARD : { kind: "redirect", location };
}

function ownPageFor(path: NodePath, isRead: boolean): string | undefined {
  const [, page = "", ...more] = path.rest.split("/");
  // A start by the hub's own form is answered likewise: there is one way to start a server.
  if (page === "spawn" || page === "spawn-pending") return spawnTarget(path, more);
  if (!isRead) return undefined;
  if (page === "home" || page === "logout") return `/${page}`;
  return page === "user-redirect" ? `/hub${path.rest}${path.search}` : undefined;
}

/** The page the hub would have shown after the start, in our words: its `next`, or the server it names. */
function spawnTarget(path: NodePath, [user, server]: readonly string[]): string {
  const next = new URLSearchParams(path.search).get("next");
  const wanted = next === null ? undefined : canonicalOf(next);
  if (wanted !== undefined) return wanted;
  if (user === undefined || user === "") return "/";
  return `/user/${user}/${server === undefined || server === "" ? "" : `${server}/`}`;
}

/** The lasting link behind a node's link to a user's server, also in the hub's own spelling of it. */
function canonicalOf(target: string): string | undefined {
  const parsed = parseNodePath(target);
  if (!parsed.ok) return undefined;
  if (parsed.path.area === "user") return canonicalUrl(parsed.path);
  const isHubs = parsed.path.area === "hub" && /^\/user\/[^/]/.test(parsed.path.rest);
  return isHubs ? `${parsed.path.rest}${parsed.path.search}` : undefined;
}

/** `/user/<name>/...`: where the router leads to the server wherever it is by then. */
export function canonicalUrl(path: UserPath): string {
  return `/user/${escapeSegment(path.user)}${path.rest === "" ? "/" : path.rest}${path.search}`;
}

function refuse(answer: ProxyAnswer): Verdict {
  return { kind: "refuse", answer };
}

/** The answer to what cannot be understood in one way only. */
export function badRequest(reason: string): ProxyAnswer {
  return { status: 400, code: "BAD_REQUEST", title: "This request cannot be forwarded", text: `${reason}.` };
}

function notYours(owner: UserName, visitor: UserName): ProxyAnswer {
  return {
    status: 403,
    code: "NOT_YOURS",
    title: `This server belongs to ${owner}`,
    text: `You are signed in as ${visitor}. Only ${owner} can open it.`,
    retry: { href: "/logout", label: "Sign in as somebody else" },
  };
}

const METHOD_REFUSED: ProxyAnswer = {
  status: 405,
  code: "METHOD_NOT_ALLOWED",
  title: "This method is not forwarded",
  text: "TRACE and CONNECT would show or open what is not yours.",
};

const WORKER_REFUSED: ProxyAnswer = {
  status: 403,
  code: "SERVICE_WORKER",
  title: "No service worker here",
  text: "Its scope would reach beyond one user's server.",
};
