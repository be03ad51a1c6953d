import type { NodeId, ServerKey, UserName } from "../../../model.ts";
import { escapeSegment } from "../../../user-name.ts";
import type { HubAnswer } from "../decide/hub-answers.ts";
import type { HubRequest } from "./hub-client.ts";

/** One call of a hub's REST API as its service; paths are below `/hub/api`. */
export type HubCall = (node: NodeId, request: HubRequest, signal: AbortSignal) => Promise<HubAnswer>;

/** A request that carries the service's token. */
export function authorised(request: HubRequest, token: string): HubRequest {
  const headers = { ...request.headers, authorization: `token ${token}` };
  return { ...request, path: `/hub/api${request.path}`, headers };
}

export function userPath(user: UserName): string {
  return `/users/${escapeSegment(user)}`;
}

export function serverPath({ user, server }: ServerKey): string {
  return `${userPath(user)}/${server === "" ? "server" : `servers/${escapeSegment(server)}`}`;
}
