import type { ServerName, UserName } from "./model.ts";

/**
 * The one codec between a hub's name for a user, its segment in a URL, and a Unix account.
 * The rules are JupyterHub's (`Authenticator.validate_username`, `url_escape_path`); where ours are stricter it says so.
 */

/** JupyterHub keeps user and server names in columns of 255 characters. */
const MAX_NAME_LENGTH = 255;

/**
 * A name as a hub says it, or `undefined` if it can be none. Stricter than JupyterHub: no control characters,
 * and nothing that a second round of percent-decoding, in whatever stands between, would turn into a path.
 */
export function parseUserName(text: unknown): UserName | undefined {
  return isName(text) && text !== "" ? (text as UserName) : undefined;
}

/** A server's name, under the same rules; the empty string is the default server. */
export function parseServerName(text: unknown): ServerName | undefined {
  return isName(text) ? (text as ServerName) : undefined;
}

/** What JupyterHub makes of a name a person typed (`normalize_username`: lower case, no Unicode normalisation). */
export function parseLogin(text: unknown): UserName | undefined {
  return typeof text === "string" ? parseUserName(text.toLowerCase()) : undefined;
}

/** A name as one URL segment, as `url_escape_path` writes it: `!'()*` are escaped and `@` and `~` are not. */
export function escapeSegment(name: string): string {
  return encodeURIComponent(name)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%40", "@");
}

/** The user whom a URL segment names, decoded once; `undefined` for a malformed segment or an impossible name. */
export function parseUserSegment(segment: string): UserName | undefined {
  return parseUserName(decode(segment));
}

/**
 * A name fit to ask a node's `getent` for. Never only digits, which `getent passwd` takes for a uid, and
 * never a leading `-`, `+` or `.`; upper case, dots and `@domain` are there for directory services.
 */
export function parseAccountName(text: unknown): string | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,254}$/.test(text)) return undefined;
  return /^[0-9]+$/.test(text) ? undefined : text;
}

function isName(text: unknown): text is string {
  if (typeof text !== "string" || Array.from(text).length > MAX_NAME_LENGTH) return false;
  // Whoever parses JSON safely leaves it out of an object: a server of this name would run unseen.
  if (text === "__proto__") return false;
  if (text !== text.trim() || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return false;
  return !isPathLike(text) && !isPathLike(decode(text) ?? text);
}

function isPathLike(text: string): boolean {
  return text.includes("/") || /^\.+$/.test(text) || /\p{Cc}/u.test(text);
}

/** `undefined` where the escapes are malformed. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
