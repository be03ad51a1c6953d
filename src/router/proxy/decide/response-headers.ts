import { escapeSegment } from "../../../user-name.ts";
import type { NodePath } from "./node-path.ts";
import { connectionNamed, HOP_BY_HOP } from "../../web/decide/own-names.ts";
import { confineCookie } from "./set-cookie.ts";

/** Headers by which one answer would speak for the whole origin, or for a proxy in front of us. */
const ORIGIN_WIDE: ReadonlySet<string> = new Set([
  "accept-ch",
  "alt-svc",
  "clear-site-data",
  "critical-ch",
  "expect-ct",
  "nel",
  "public-key-pins",
  "public-key-pins-report-only",
  "report-to",
  "secure-session-registration",
  "sec-session-registration",
  "service-worker-allowed",
  "set-cookie2",
  "set-login",
  "strict-transport-security",
  "use-as-dictionary",
  "x-sendfile",
  "x-lighttpd-send-file",
]);

/** What says that an answer may be kept and shown again, to a browser or to a cache before us. */
const CACHING: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "cdn-cache-control",
  "expires",
  "no-vary-search",
  "pragma",
  "surrogate-control",
]);

/** Where cookies of an answer may live: the user's place on the node, or the node for a hub's answer. */
function cookieRoot(path: NodePath): string {
  return path.area === "user" ? `/n/${path.node}/user/${escapeSegment(path.user)}/` : `/n/${path.node}/`;
}

/**
 * The headers a browser gets, as names and values in turn: end-to-end ones as they came, cookies confined,
 * what would speak for the origin removed, `ownCookies` (our session's renewal) added.
 */
export function toClientHeaders(
  rawHeaders: readonly string[],
  { path, requestPath, ownCookies, isFleeting = false, isCookieless }: ConfineOptions,
): string[] {
  const named = connectionNamed(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "set-cookie") {
      const cookie = isCookieless ? undefined : confineCookie(value, cookieRoot(path), requestPath);
      if (cookie !== undefined) headers.push(name, cookie);
    } else if (!isRemoved(lower, isFleeting) && !named.has(lower)) headers.push(name, value);
  }
  if (isFleeting) headers.push("Cache-Control", "no-store");
  for (const cookie of ownCookies) headers.push("Set-Cookie", cookie);
  return headers;
}

export interface ConfineOptions {
  readonly path: NodePath;
  /** The raw path of the request, without its query. */
  readonly requestPath: string;
  readonly ownCookies: readonly string[];
  /**
   * Nothing may keep it. What a user's server says to a visitor without a session must not come back as a page: any
   * site can have a browser prefetch it without cookies, and lead its user there past the gate.
   */
  readonly isFleeting?: boolean;
  /**
   * It sets no cookies but ours. Browsers keep some hundred a site: a picture on any page could otherwise have a user's
   * server push out those of everybody else.
   */
  readonly isCookieless?: boolean;
}

function isRemoved(lower: string, isFleeting: boolean): boolean {
  if (isFleeting && CACHING.has(lower)) return true;
  if (HOP_BY_HOP.has(lower) || ORIGIN_WIDE.has(lower)) return true;
  if (lower.startsWith("x-accel-")) return lower !== "x-accel-buffering";
  return lower.startsWith("x-multijhub");
}
