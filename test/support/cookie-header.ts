import type { Credentials } from "../../src/router/sign-in/decide/session.ts";

/** A request that carries what these Set-Cookie values set, as a browser would. */
export function withCookies(setCookies: readonly string[], ...more: readonly string[]): Credentials {
  const pairs = [...setCookies.map((text) => text.split(";")[0] ?? ""), ...more];
  return requestWith({ cookie: pairs.join("; ") });
}

/** A request with these headers. */
export function requestWith(
  headers: Readonly<Record<string, string>>,
  remoteAddress = "127.0.0.1",
): Credentials {
  return { headers, rawHeaders: Object.entries(headers).flat(), remoteAddress };
}
