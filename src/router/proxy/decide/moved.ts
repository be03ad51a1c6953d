import { type Location } from "../../../sighting.ts";
import { DEFAULT_SERVER, type NodeId } from "../../../model.ts";
import { parseAddress } from "../../web/decide/canonical.ts";
import { loginPath } from "../../sign-in/decide/sign-in.ts";
import { serverPath, type Urls } from "../../web/decide/urls.ts";

export interface NodeRequest {
  readonly method: string;
  /** As it was written: `/n/<node>/user/<name>/...`, query included. */
  readonly url: string;
  /** The node in `url`. */
  readonly node: NodeId;
  /** A person followed a link or typed an address: `isNavigation` of request-origin.ts. */
  readonly isNavigation: boolean;
}

export type MovedAnswer =
  | { readonly kind: "forward" }
  | { readonly kind: "redirect"; readonly to: string }
  /** 410: an open tab must never write to the wrong server. */
  | { readonly kind: "gone" };

/**
 * What to do with a request for a server on a node where it may no longer run.
 *
 * For the proxy, after the gate (the visitor owns the server) and only when the node itself does not have it:
 * its hub answers in the server's place, or the node is down or no longer in the hosts file. Then
 * `locate` and ask here; `forward` means: pass on what the node says, or say that the node is down.
 * A node that has the server is never asked about, so the proxied path costs no look-up.
 */
export function decideMoved(request: NodeRequest, location: Location, urls: Urls): MovedAnswer {
  const address = parseAddress(request.url);
  if (address.kind !== "server" || location.kind === "unknown") return { kind: "forward" };
  const wayIn = {
    kind: "redirect",
    to: `${serverPath({ user: address.user, server: DEFAULT_SERVER })}${address.rest}`,
  } as const;
  if (location.kind === "none") return request.isNavigation ? wayIn : { kind: "forward" };
  const { sighting, others } = location;
  // A server that its hub has lost is not reached through that hub: its owner decides about it on the way in.
  if (sighting.isOrphan && request.isNavigation) return wayIn;
  if ([sighting, ...others].some(({ node }) => node === request.node)) return { kind: "forward" };
  if (!request.isNavigation) return { kind: "gone" };
  const path = `${serverPath(sighting.key)}${address.rest}`;
  return { kind: "redirect", to: loginPath({ node: sighting.node, next: urls.urlFor(sighting.node, path) }) };
}
