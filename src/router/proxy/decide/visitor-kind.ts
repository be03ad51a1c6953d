import type { FetchKind } from "../../web/decide/fetch-kind.ts";
import type { UserPath } from "./node-path.ts";
import type { SessionLookup } from "../../sign-in/decide/session.ts";

/** Whether the visitor is the one whose server this is about. */
export function isOwner({ lookup }: { readonly lookup: SessionLookup }, { user }: UserPath): boolean {
  return lookup.kind === "session" && lookup.session.user === user;
}

/** Whether a person would see the answer, and asking again changes nothing. */
export function isPage({ fetch, method }: { readonly fetch: FetchKind; readonly method: string }): boolean {
  return fetch === "navigation" && method === "GET";
}
