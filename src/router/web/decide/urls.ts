import type { NodeId, ServerKey } from "../../../model.ts";
import { escapeSegment } from "../../../user-name.ts";

/** Builds every link to a node; `routing: path` is the default. */
export interface Urls {
  /** `path` starts below the node: `/hub/...` or `/user/...`. The result is absolute-path or absolute. */
  urlFor(node: NodeId, path: string): string;
}

/** One origin: `/n/<node>/...`. */
export function createPathUrls(): Urls {
  return { urlFor: (node, path) => `/n/${node}${path}` };
}

/** The server's place below its node: `/user/<name>/` or `/user/<name>/<server>/`, escaped as JupyterHub does. */
export function serverPath({ user, server }: ServerKey): string {
  const base = `/user/${escapeSegment(user)}/`;
  return server === "" ? base : `${base}${escapeSegment(server)}/`;
}

/**
 * A place to go after sign-in: a path on this origin, or `undefined` if it is anything else.
 * Refuses `//host`, `/\host`, schemes, control characters and spaces.
 */
export function safeNext(text: string | undefined): string | undefined {
  if (text === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return undefined;
  return text;
}
