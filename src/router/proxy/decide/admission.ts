import type { NodeId } from "../../../model.ts";
import { fetchKind, type FetchKind } from "../../web/decide/fetch-kind.ts";
import { badRequest, canonicalUrl, judge } from "./gate.ts";
import { parseNodePath, type NodePath } from "./node-path.ts";
import type { ProxyAnswer } from "./proxy-answer.ts";
import { hostProblem } from "./request-headers.ts";
import type { SessionLookup } from "../../sign-in/decide/session.ts";
import { isOwner, isPage } from "./visitor-kind.ts";

/** A request below `/n/` as it came, and what its cookies say. */
export interface Incoming {
  readonly method: string;
  readonly target: string;
  /** Lower-case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders: readonly string[];
  readonly lookup: SessionLookup;
}

/** A request that may go to its node. */
export interface Passage {
  readonly path: NodePath;
  readonly method: string;
  readonly target: string;
  readonly fetch: FetchKind;
  readonly lookup: SessionLookup;
}

export type Admission =
  | { readonly kind: "forward"; readonly passage: Passage }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "refuse"; readonly answer: ProxyAnswer };

/** What a host name serves of the nodes. */
export interface NodesServed {
  /** Whether the hosts file has the node; nothing is dialled or kept for others. */
  readonly isKnown: (node: NodeId) => boolean;
  /** On the admin host: the nodes whose hubs show the sign-in form. Nothing else of a node is there. */
  readonly isLobby?: (node: NodeId) => boolean;
}

/** Everything that is decided of a request before anything is dialled. */
export function admit(incoming: Incoming, { isKnown, isLobby }: NodesServed): Admission {
  const { method, target, headers, rawHeaders, lookup } = incoming;
  const parsed = parseNodePath(target);
  if (!parsed.ok) return { kind: "refuse", answer: badRequest(`The address has ${parsed.reason}`) };
  const problem = hostProblem(rawHeaders);
  if (problem !== undefined) return { kind: "refuse", answer: badRequest(problem) };
  const { path } = parsed;
  if (isLobby !== undefined && !isForSignIn(path, headers, isLobby))
    return { kind: "refuse", answer: NOT_HERE };
  const fetch = fetchKind(method, headers);
  const verdict = judge({ method, path, fetch, lookup });
  if (verdict.kind !== "forward") return verdict;
  const passage = { path, method, target, fetch, lookup };
  return isKnown(path.node) ? { kind: "forward", passage } : leadAway(passage);
}

function isForSignIn(
  { area, node }: NodePath,
  headers: Incoming["headers"],
  isLobby: (node: NodeId) => boolean,
): boolean {
  return area === "hub" && isLobby(node) && headers["upgrade"] === undefined;
}

const NOT_HERE: ProxyAnswer = {
  status: 404,
  code: "ADMIN_HOST",
  title: "No servers here",
  text: "This address is for administration. Servers are at the router's usual address.",
  retry: { href: "/admin", label: "Nodes" },
};

/** A bookmark of a node that is gone leads its owner to wherever the server is now. */
function leadAway(passage: Passage): Admission {
  const { path } = passage;
  if (path.area !== "user" || !isPage(passage) || !isOwner(passage, path)) {
    return { kind: "refuse", answer: unknownNode(path.node) };
  }
  return { kind: "redirect", location: canonicalUrl(path) };
}

/** The Set-Cookie values that renew the visitor's session, whatever the answer is. */
export function renewalOf(lookup: SessionLookup): readonly string[] {
  return lookup.kind === "session" ? lookup.renewal : [];
}

function unknownNode(node: NodeId): ProxyAnswer {
  return {
    status: 404,
    code: "NODE_UNKNOWN",
    title: `No node ${node}`,
    text: "There is no such machine here.",
  };
}
