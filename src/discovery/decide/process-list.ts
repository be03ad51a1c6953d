import { z } from "zod";
import type { NodeId } from "../../model.ts";
import { escapeSegment, parseServerName, parseUserName } from "../../user-name.ts";
import type { Seen } from "./report.ts";

const Answer = z.object({ servers: z.array(z.unknown()) });
const Entry = z.object({
  user: z.string(),
  uid: z.int().positive(),
  serverName: z.string(),
  baseUrl: z.string(),
});

/**
 * The agent's `servers`: processes that call themselves servers, with the uid that the kernel knows. `undefined` if
 * that is no answer; processes whose words do not fit together, or not this node, are left out. None counts as ready:
 * that is for its hub to say.
 */
export function parseProcessList(answer: unknown, node: NodeId): readonly Seen[] | undefined {
  return Answer.safeParse(answer).data?.servers.flatMap((entry) => {
    const seen = parseEntry(entry, node);
    return seen === undefined ? [] : [seen];
  });
}

function parseEntry(value: unknown, node: NodeId): Seen | undefined {
  const entry = Entry.safeParse(value).data;
  const user = parseUserName(entry?.user);
  const server = parseServerName(entry?.serverName);
  if (entry === undefined || user === undefined || server === undefined) return undefined;
  const place = server === "" ? "" : `${escapeSegment(server)}/`;
  if (entry.baseUrl !== `/n/${node}/user/${escapeSegment(user)}/${place}`) return undefined;
  return { key: { user, server }, ready: false, evidence: "process-list", uid: entry.uid };
}
