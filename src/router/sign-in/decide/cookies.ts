import { stringifySetCookie } from "cookie";
import { valuesOf } from "../../web/decide/own-names.ts";

/** The router's own cookies. None of them is ever forwarded, but the nonce to `router_login`. */
export type OwnCookie = "session" | "bind" | "nonce";

/** What a request's Cookie headers hold under one of our names. */
export type CookieLookup =
  | { readonly kind: "none" }
  | { readonly kind: "value"; readonly value: string }
  /** More than once, under whatever prefix or quoting: somebody planted one. */
  | { readonly kind: "ambiguous" };

const PREFIX = /^__(?:Host|Secure|Http|Host-Http)-/i;

/** The cookie's name: under TLS the prefix makes browsers refuse it from anywhere but our own answers. */
function cookieName(cookie: OwnCookie, isSecure: boolean): string {
  return isSecure && cookie !== "nonce" ? `__Host-multijhub-${cookie}` : `multijhub-${cookie}`;
}

/** Looks through every Cookie header of `rawHeaders`, as the strictest reader downstream might. */
export function findCookie(
  rawHeaders: readonly string[],
  cookie: OwnCookie,
  isSecure: boolean,
): CookieLookup {
  const bare = `multijhub-${cookie}`;
  const all = pairsLike(rawHeaders, bare).filter(({ name }) => bareName(name) === bare);
  if (all.length > 1) return { kind: "ambiguous" };
  const [only] = all;
  if (only?.name !== cookieName(cookie, isSecure)) return { kind: "none" };
  return { kind: "value", value: only.value };
}

/** The name without prefix, quotes and case: what a lax parser might take it for. */
function bareName(name: string): string {
  return name
    .replace(/^["'\s]+|["'\s]+$/g, "")
    .replace(PREFIX, "")
    .toLowerCase();
}

/** The pairs that hold the text somewhere: most of a request's cookies are looked at no further. */
function pairsLike(
  rawHeaders: readonly string[],
  text: string,
): { readonly name: string; readonly value: string }[] {
  return valuesOf(rawHeaders, "cookie")
    .flatMap((header) => header.split(/[;,]/))
    .filter((pair) => pair.toLowerCase().includes(text))
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return { name: name.trim(), value: value.join("=").trim() };
    });
}

export interface CookieSettings {
  readonly isSecure: boolean;
}

/** A Set-Cookie value: HttpOnly, SameSite=Lax, Secure under TLS. */
export function setCookie(
  cookie: OwnCookie,
  value: string,
  { isSecure, path = "/", maxAgeMs }: CookieSettings & { readonly path?: string; readonly maxAgeMs: number },
): string {
  return stringifySetCookie({
    name: cookieName(cookie, isSecure),
    value,
    path,
    maxAge: Math.max(0, Math.floor(maxAgeMs / 1000)),
    httpOnly: true,
    sameSite: "lax",
    secure: isSecure,
  });
}

/** Set-Cookie values that end one of our cookies under both its names. */
export function expireOwn(cookie: OwnCookie, isSecure: boolean): readonly string[] {
  const plain = setCookie(cookie, "", { isSecure: false, maxAgeMs: 0 });
  return isSecure ? [setCookie(cookie, "", { isSecure, maxAgeMs: 0 }), plain] : [plain];
}
