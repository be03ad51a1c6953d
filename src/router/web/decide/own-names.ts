/** The cookies and headers that are the router's alone: never forwarded, never taken from a node. */

const OWN_COOKIE = "multijhub-";

/** The one cookie of ours a hub gets to see, at one path: its hash is in the ticket. */
const NONCE_COOKIE = /^(__host-|__secure-)?multijhub-nonce$/i;

/** Whether a name could be taken for one of our cookies by any reader; broader than the names we use. */
export function isOwnCookie(name: string): boolean {
  return name.toLowerCase().includes(OWN_COOKIE);
}

export function isNonceCookie(name: string): boolean {
  return NONCE_COOKIE.test(name);
}

/**
 * Whether a header says where a request came from, or speaks for the router. Underscores count as dashes:
 * CGI-like applications cannot tell them apart.
 */
export function isOwnRequestHeader(lowerName: string): boolean {
  if (!OWN_INITIALS.has(lowerName.charCodeAt(0))) return false;
  const name = lowerName.includes("_") ? lowerName.replaceAll("_", "-") : lowerName;
  return OWN_HEADERS.has(name) || name.startsWith("x-forwarded") || name.startsWith("x-multijhub");
}

const OWN_HEADERS = new Set([
  "forwarded",
  "x-scheme",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "front-end-https",
]);
const OWN_INITIALS = new Set(["f", "t", "x"].map((initial) => initial.charCodeAt(0)));

/** Headers of one connection only, besides those that `Connection` names. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers that values of `Connection` name, in lower case. */
export function connectionNamed(rawHeaders: readonly string[]): ReadonlySet<string> {
  const values = valuesOf(rawHeaders, "connection");
  if (values.length === 0) return NONE;
  return new Set(values.flatMap((value) => value.split(",")).map((token) => token.trim().toLowerCase()));
}

/** Every value of a header (`lowerName`) among names and values in turn. */
export function valuesOf(rawHeaders: readonly string[], lowerName: string): readonly string[] {
  let values: string[] | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    (values ??= []).push(rawHeaders[i + 1] as string);
  }
  return values ?? [];
}

const NONE: ReadonlySet<string> = new Set();
