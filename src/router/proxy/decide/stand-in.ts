import type { Passage } from "./admission.ts";
import { canonicalUrl } from "./gate.ts";
import { parseNodePath, type NodePath, type UserPath } from "./node-path.ts";
import { valuesOf } from "../../web/decide/own-names.ts";
import type { ProxyAnswer } from "./proxy-answer.ts";
import { isOwner, isPage } from "./visitor-kind.ts";

/** What an owner gets instead of a hub's answer in the place of their server. */
export type StandIn =
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "answer"; readonly answer: ProxyAnswer }
  /** The server is not on this node: whoever knows where it is may say so. */
  | { readonly kind: "absent" };

/**
 * Tells when a hub answers in a server's place (JupyterHub 5: a request for a server that does not run is
 * redirected to `/hub/user/<name>/...`, which says 424, before JupyterHub 5 503), and when
 * configurable-http-proxy does (503 without any server's header: the process behind its route is gone, and
 * the hub will notice within 30 s). All else, and other visitors than the owner, get the answer as it is.
 */
export function standInFor(
  passage: Passage,
  status: number,
  rawHeaders: readonly string[],
): StandIn | undefined {
  if (!SUSPECT.has(status)) return undefined;
  const { path } = passage;
  if (path.area === "user") return standInForServer(passage, path, status, rawHeaders);
  const server = serverBehind(path);
  const isNotRunning = status === 424 || status === 503;
  if (!isNotRunning || server === undefined || !isOwner(passage, server)) return undefined;
  return isPage(passage) ? { kind: "redirect", location: canonicalUrl(server) } : undefined;
}

const SUSPECT: ReadonlySet<number> = new Set([302, 400, 403, 424, 500, 503]);

function standInForServer(
  passage: Passage,
  path: UserPath,
  status: number,
  rawHeaders: readonly string[],
): StandIn | undefined {
  if (!isOwner(passage, path)) return undefined;
  if (isFailedCallback(passage, path, status)) return enterAgain(path);
  if (status === 503 && isPage(passage) && isHubProxysOwn(rawHeaders)) {
    return { kind: "answer", answer: serverGone(passage) };
  }
  const [location = ""] = status === 302 ? valuesOf(rawHeaders, "location") : [];
  return location.startsWith(`/n/${path.node}/hub/user/`) ? { kind: "absent" } : undefined;
}

function isFailedCallback(passage: Passage, { rest }: UserPath, status: number): boolean {
  return status >= 400 && rest === "/oauth_callback" && isPage(passage);
}

/**
 * Two tabs that enter a server at the same time overwrite each other's state cookie, and one of them ends at "OAuth
 * state does not match" (JupyterHub's HubOAuthCallbackHandler). By then the other one has signed in, so the lasting
 * link works; passes to hubs are counted, so that nothing loops.
 */
function enterAgain(path: UserPath): StandIn {
  return { kind: "redirect", location: canonicalUrl({ ...path, rest: "/lab", search: "" }) };
}

/** The server that a hub's page `/hub/user/<name>/...` stands in for. */
function serverBehind({ area, node, rest, search }: NodePath): UserPath | undefined {
  if (area !== "hub") return undefined;
  const parsed = parseNodePath(`/n/${node}${rest}${search}`);
  return parsed.ok && parsed.path.area === "user" ? parsed.path : undefined;
}

/** Servers and hubs name themselves; what the hub's proxy says by itself names nobody. */
function isHubProxysOwn(rawHeaders: readonly string[]): boolean {
  return ["server", "x-jupyterhub-version"].every((name) => valuesOf(rawHeaders, name).length === 0);
}

function serverGone({ path, target }: Passage): ProxyAnswer {
  return {
    status: 503,
    code: "SERVER_GONE",
    title: `Your server on ${path.node} does not answer`,
    text: "It has ended, or is about to. Its hub notices within half a minute, and you can start it again then.",
    retry: { href: target, label: "Try again", afterSeconds: 5 },
  };
}
