import { parseNodeId, type NodeId, type UserName } from "../../../model.ts";
import { parseUserSegment } from "../../../user-name.ts";

/**
 * Where a request target leads, as the node's own proxy will see it. `rest` and `search` are raw:
 * `rest` is empty or starts with a slash and is what follows the user or `/hub`; `search` starts with `?`.
 */
export type NodePath =
  | {
      readonly area: "user";
      readonly node: NodeId;
      /** Decoded: the name the node's proxy looks its route up by. */
      readonly user: UserName;
      readonly rest: string;
      readonly search: string;
    }
  | {
      readonly area: "hub" | "other";
      readonly node: NodeId;
      readonly rest: string;
      readonly search: string;
    };

export type ParsedTarget =
  { readonly ok: true; readonly path: NodePath } | { readonly ok: false; readonly reason: string };

/**
 * Parses a raw request target below `/n/`. What the node's proxy (which decodes once and resolves dots and
 * backslashes), a strict one and nginx would not all read alike is refused, never normalised.
 */
export function parseNodePath(target: string): ParsedTarget {
  if (!/^\/n\/[\x21-\x7e]*$/.test(target) || target.includes("#")) return refused("not a plain path");
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  const ambiguity = ambiguityOf(path);
  if (ambiguity !== undefined) return refused(ambiguity);
  const [, , nodeText, ...below] = path.split("/");
  const node = parseNodeId(nodeText ?? "");
  if (node === undefined) return refused("no name of a node");
  return parseBelow(node, below, query === -1 ? "" : target.slice(query));
}

function parseBelow(node: NodeId, below: readonly string[], search: string): ParsedTarget {
  const [area = "", ...tail] = below;
  if (area.includes("%")) return refused("an escape where none is needed");
  if (area === "" && tail.length > 0) return refused("an empty path segment");
  if (area === "hub") return ok({ area: "hub", node, rest: joined(tail), search });
  const isUserArea = area === "user" && tail.some((segment) => segment !== "");
  return isUserArea
    ? parseUser(node, tail, search)
    : ok({ area: "other", node, rest: joined(below), search });
}

function parseUser(node: NodeId, [userText = "", ...more]: readonly string[], search: string): ParsedTarget {
  const user = parseUserSegment(userText);
  if (user === undefined) return refused("no name of a user");
  return ok({ area: "user", node, user, rest: joined(more), search });
}

/** What two readers of this path could disagree about. */
function ambiguityOf(path: string): string | undefined {
  if (path.includes("\\")) return "a backslash";
  if (/%(?![0-9a-f]{2})/i.test(path) || /%00/.test(path)) return "a broken escape";
  const decoded = decodedOnce(path);
  if (decoded === undefined) return "an escape that is not UTF-8";
  const hasDots = decoded.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
  return hasDots ? "a dot segment" : undefined;
}

function decodedOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function joined(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment}`).join("");
}

function ok(path: NodePath): ParsedTarget {
  return { ok: true, path };
}

function refused(reason: string): ParsedTarget {
  return { ok: false, reason };
}

/** A place of a user's server. */
export type UserPath = NodePath & { readonly area: "user" };
