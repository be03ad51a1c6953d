import {
  connectionNamed,
  HOP_BY_HOP,
  isNonceCookie,
  isOwnCookie,
  isOwnRequestHeader,
  valuesOf,
} from "../../web/decide/own-names.ts";

/** What the router itself knows of the client; never what the client says of itself. */
interface ClientView {
  readonly address: string;
  readonly isTls: boolean;
}

export interface ForwardOptions {
  readonly client: ClientView;
  /** The browser's binding cookie goes to the hub's ticket page and nowhere else. */
  readonly withNonce: boolean;
  /** More names to remove, lower case: those that carry a visitor's name with `auth: header`. */
  readonly stripped?: ReadonlySet<string>;
}

/**
 * The headers a node gets, as names and values in turn: end-to-end ones as they came, Host preserved, our
 * cookies and headers removed, forwarded headers set afresh.
 */
export function toNodeHeaders(rawHeaders: readonly string[], options: ForwardOptions): string[] {
  const named = connectionNamed(rawHeaders);
  const headers: string[] = [];
  let host = "";
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === "host") host = value;
    if (lower === "cookie") addCookies(headers, value, options.withNonce);
    else if (!isRemoved(lower, named, options.stripped)) headers.push(name, value);
  }
  return addForwarded(headers, host, options.client);
}

/** Why a request's Host cannot be forwarded; `undefined` when it can. */
export function hostProblem(rawHeaders: readonly string[]): string | undefined {
  const hosts = valuesOf(rawHeaders, "host");
  if (hosts.length !== 1) return `Host came ${hosts.length} times`;
  return /^[A-Za-z0-9._~[\]:-]+$/.test(hosts[0] ?? "") ? undefined : "Host is no host";
}

/** What `Connection` may not take away: the node's own checks depend on it. */
const KEPT: ReadonlySet<string> = new Set(["host", "origin", "content-length", "authorization", "referer"]);

function isRemoved(
  lower: string,
  named: ReadonlySet<string>,
  stripped: ReadonlySet<string> | undefined,
): boolean {
  if (HOP_BY_HOP.has(lower) || lower === "expect" || isOwnRequestHeader(lower)) return true;
  if (stripped?.has(lower.replaceAll("_", "-")) === true) return true;
  return named.size > 0 && named.has(lower) && !KEPT.has(lower) && !lower.startsWith("sec-");
}

function addCookies(headers: string[], value: string, withNonce: boolean): void {
  const kept = value.toLowerCase().includes("multijhub-") ? withoutOwn(value, withNonce) : value;
  if (kept !== "") headers.push("Cookie", kept);
}

function withoutOwn(value: string, withNonce: boolean): string {
  return value
    .split(";")
    .filter((pair) => {
      const name = pair.replace(/^[=\s]+/, "").replace(/\s*=.*$/s, "");
      return !isOwnCookie(name) || (withNonce && isNonceCookie(name));
    })
    .map((pair) => pair.trim())
    .join("; ");
}

/**
 * X-Real-IP because tornado prefers it and configurable-http-proxy appends itself to X-Forwarded-For;
 * X-Scheme because it appends ",http" to X-Forwarded-Proto, and cookies would lack Secure.
 */
function addForwarded(headers: string[], host: string, client: ClientView): string[] {
  const scheme = client.isTls ? "https" : "http";
  headers.push("X-Forwarded-For", client.address, "X-Real-IP", client.address);
  headers.push("X-Forwarded-Proto", scheme, "X-Forwarded-Host", host, "X-Multijhub", "1");
  headers.push("X-Forwarded-Port", /:(\d+)$/.exec(host)?.[1] ?? (client.isTls ? "443" : "80"));
  if (client.isTls) headers.push("X-Scheme", "https");
  return headers;
}
