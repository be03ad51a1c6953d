import type { Passage } from "./admission.ts";
import { canonicalUrl } from "./gate.ts";
import { parseNodePath, type NodePath, type UserPath } from "./node-path.ts";

/**
 * Where a navigation goes instead of a hub's "your server is not running" page: the lasting link, behind which
 * the router finds or starts the server. A hub (not configurable-http-proxy, which has a route only to what
 * runs) sends such requests to `/hub/user/<name>/...` and answers 424 or, before JupyterHub 5, 503.
 */
export function notRunningLocation(passage: Passage, status: number): string | undefined {
  const isNotRunning = status === 424 || status === 503;
  if (!isNotRunning || passage.fetch !== "navigation" || passage.method !== "GET") return undefined;
  const server = serverBehind(passage.path);
  if (server === undefined || passage.lookup.kind !== "session") return undefined;
  return server.user === passage.lookup.session.user ? canonicalUrl(server) : undefined;
}

/** The server that a hub's page `/hub/user/<name>/...` stands in for. */
function serverBehind({ area, node, rest, search }: NodePath): UserPath | undefined {
  if (area !== "hub") return undefined;
  const parsed = parseNodePath(`/n/${node}${rest}${search}`);
  return parsed.ok && parsed.path.area === "user" ? parsed.path : undefined;
}
