import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { HubApi } from "../../../ports.ts";
import { authorised, serverPath } from "./hub-calls.ts";
import type { HubClient, HubRequest } from "./hub-client.ts";
import { refused, userRefused } from "./hub-errors.ts";
import { createHubLists } from "./hub-lists.ts";
import { createServerControl } from "./server-control.ts";
import { createStartFollower } from "./start-follower.ts";

export interface HubApiOptions {
  /** The token by which the router is the hub's service. */
  readonly tokenOf: (node: NodeId) => string;
  readonly pollMs?: number;
  /** How long a start may take, all in all. */
  readonly startTimeoutMs?: number;
}

/** `HubApi`, and whether a hub is healthy. */
export interface HubApiAdapter extends HubApi {
  /** True only for a 200: until a hub has registered its route, its proxy answers 404. */
  isHealthy(node: NodeId, signal: AbortSignal): Promise<boolean>;
}

/** The REST API of JupyterHub 5 and the handlers our authenticator adds to it. */
export function createHubApi(client: HubClient, options: HubApiOptions): HubApiAdapter {
  const { tokenOf, pollMs = 500, startTimeoutMs = 120_000 } = options;

  function call(node: NodeId, request: HubRequest, signal: AbortSignal) {
    return client.call(node, authorised(request, tokenOf(node)), signal);
  }

  async function present(node: NodeId, path: string, ticket: string, signal: AbortSignal) {
    const headers = { "x-multijhub-token": ticket };
    return client.call(node, { method: "POST", path, headers, body: "" }, signal);
  }

  async function introduce(node: NodeId, ticket: string, signal: AbortSignal): Promise<void> {
    const answer = await present(node, "/hub/router_introduce", ticket, signal);
    if (answer.status === 403) throw userRefused(node, answer);
    if (answer.status !== 200) throw refused(node, answer);
  }

  async function signOut(node: NodeId, ticket: string, signal: AbortSignal): Promise<void> {
    const answer = await present(node, "/hub/router_signout", ticket, signal);
    if (answer.status !== 200 && answer.status !== 204) throw refused(node, answer);
  }

  async function isHealthy(node: NodeId, signal: AbortSignal): Promise<boolean> {
    try {
      return (await client.call(node, { method: "GET", path: "/hub/api/health" }, signal)).status === 200;
    } catch (err) {
      if (err instanceof AppError && (err.code === "HUB_UNREACHABLE" || err.code === "TUNNEL_REFUSED"))
        return false;
      throw err;
    }
  }

  const lists = createHubLists(call);
  const followStart = createStartFollower({
    follow: (node, key, onText, signal) => {
      const request = authorised({ method: "GET", path: `${serverPath(key)}/progress` }, tokenOf(node));
      return client.follow(node, request, onText, signal);
    },
    serversOf: lists.serversOf,
    pollMs,
    startTimeoutMs,
  });

  const control = createServerControl(call, followStart, { pollMs, startTimeoutMs });

  return { ...lists, ...control, introduce, followStart, signOut, isHealthy };
}
