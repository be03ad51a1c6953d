import type { UserName } from "../../../model.ts";
import { parseUserSegment } from "../../../user-name.ts";
import { safeNext } from "./urls.ts";

/** What an address stands for, wherever the server is now. */
export type Address =
  /** A place in a user's server; `rest` is what follows `/user/<name>/`, query included, as it was written. */
  | { readonly kind: "server"; readonly user: UserName; readonly rest: string }
  /** A place in the visitor's own server, whoever that is: JupyterHub's `/hub/user-redirect/`. */
  | { readonly kind: "own-server"; readonly rest: string }
  /** A page of a hub that the router has in its place. */
  | { readonly kind: "page"; readonly to: string }
  | { readonly kind: "malformed" }
  | { readonly kind: "other" };

/**
 * Reads an address as it was written: `/user/...`, `/hub/...`, and `/n/<node>/...` of either, whose node may be
 * out of date. A path with dot segments is malformed: a browser would make another path of it.
 */
export function parseAddress(url: string): Address {
  const { path, query } = split(url.replace(/^\/n\/[^/?]+(?=\/)/, ""));
  const server = /^(?:\/hub)?\/user\/([^/]*)(?:\/(.*))?$/.exec(path);
  if (server !== null) return serverAddress(server[1] ?? "", server[2] ?? "", query);
  const own = /^\/hub\/user-redirect(?:\/(.*))?$/.exec(path);
  if (own !== null) return within(own[1] ?? "", query, (rest) => ({ kind: "own-server", rest }));
  const hub = /^\/hub(?:\/([^/]*).*)?$/.exec(path);
  return hub === null ? { kind: "other" } : hubPage(hub[1] ?? "", query);
}

/** What follows `/user/<name>/` in a link to this user's server; undefined when it leads anywhere else. */
export function restOf(next: string | undefined, user: UserName): string | undefined {
  const safe = safeNext(next);
  if (safe === undefined) return undefined;
  const address = parseAddress(safe);
  if (address.kind === "own-server") return address.rest;
  return address.kind === "server" && address.user === user ? address.rest : undefined;
}

function serverAddress(segment: string, rest: string, query: string): Address {
  const user = parseUserSegment(segment);
  if (user === undefined) return { kind: "malformed" };
  return within(rest, query, (whole) => ({ kind: "server", user, rest: whole }));
}

function within(rest: string, query: string, make: (rest: string) => Address): Address {
  const isAmbiguous = rest.split("/").some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
  return isAmbiguous || rest.includes("\\") ? { kind: "malformed" } : make(rest + query);
}

const PAGES: Readonly<Record<string, string>> = { spawn: "/", logout: "/logout", admin: "/admin" };

function hubPage(name: string, query: string): Address {
  if (name === "login") return { kind: "page", to: `/login${query}` };
  if (name === "api" || name === "static") return { kind: "other" };
  return { kind: "page", to: PAGES[name] ?? "/home" };
}

function split(url: string): { readonly path: string; readonly query: string } {
  const at = url.indexOf("?");
  return at === -1 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at) };
}
