import { escapeSegment } from "../../user-name.ts";
import type { NodePath } from "./node-path.ts";
import { connectionNamed, HOP_BY_HOP } from "./own-names.ts";
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
  { path, requestPath, ownCookies }: ConfineOptions,
): string[] {
  const named = connectionNamed(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "set-cookie") {
      const cookie = confineCookie(value, cookieRoot(path), requestPath);
      if (cookie !== undefined) headers.push(name, cookie);
    } else if (!isRemoved(lower) && !named.has(lower)) headers.push(name, value);
  }
  for (const cookie of ownCookies) headers.push("Set-Cookie", cookie);
  return headers;
}

export interface ConfineOptions {
  readonly path: NodePath;
  /** The raw path of the request, without its query. */
  readonly requestPath: string;
  readonly ownCookies: readonly string[];
}

function isRemoved(lower: string): boolean {
  if (HOP_BY_HOP.has(lower) || ORIGIN_WIDE.has(lower)) return true;
  if (lower.startsWith("x-accel-")) return lower !== "x-accel-buffering";
  return lower.startsWith("x-multijhub");
}
