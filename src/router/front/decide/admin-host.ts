import { valuesOf } from "../../web/decide/own-names.ts";

/**
 * Whether a request is for the host of `admin.origin`. The port is no part of it: cookies ignore ports, so nothing of
 * users may be served on any port of that name.
 */
export function isForAdminHost(rawHeaders: readonly string[], origin: string): boolean {
  const { hostname } = new URL(origin);
  return valuesOf(rawHeaders, "host").some((host) => hostnameOf(host) === hostname);
}

/** As URLs spell it; a final dot means the same machine. */
function hostnameOf(host: string): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : undefined;
}
