import { z } from "zod";
import type { NodeId } from "../../model.ts";
import { escapeSegment, parseServerName, parseUserName } from "../../user-name.ts";
import type { Seen } from "./report.ts";

/** What a node's process table shows of servers. */
export interface ProcessList {
  readonly servers: readonly Seen[];
  /** The machine's own name. */
  readonly host?: string;
}

const Answer = z.object({
  host: z.string().max(253).optional(),
  bootId: z.string().max(64).optional(),
  servers: z.array(z.unknown()),
});
const Entry = z.object({
  user: z.string(),
  uid: z.int().positive(),
  serverName: z.string(),
  baseUrl: z.string(),
  pid: z.int().positive().optional(),
  startTicks: z.int().nonnegative().optional(),
});

/**
 * The agent's `servers`: processes that call themselves servers, with the uid that the kernel knows. `undefined` if
 * that is no answer; processes whose words do not fit together, or not this node, are left out. None counts as ready:
 * that is for its hub to say.
 */
export function parseProcessList(answer: unknown, node: NodeId): ProcessList | undefined {
  const read = Answer.safeParse(answer).data;
  if (read === undefined) return undefined;
  const { host, bootId } = read;
  const servers = read.servers.flatMap((entry) => parseEntry(entry, node, bootId) ?? []);
  return { servers, ...(host !== undefined && { host }) };
}

function parseEntry(value: unknown, node: NodeId, bootId: string | undefined): Seen | undefined {
  const entry = Entry.safeParse(value).data;
  const user = parseUserName(entry?.user);
  const server = parseServerName(entry?.serverName);
  if (entry === undefined || user === undefined || server === undefined) return undefined;
  const place = server === "" ? "" : `${escapeSegment(server)}/`;
  if (entry.baseUrl !== `/n/${node}/user/${escapeSegment(user)}/${place}`) return undefined;
  const process = identityOf(entry, bootId);
  const identity = process !== undefined && { process };
  return { key: { user, server }, ready: false, evidence: "process-list", uid: entry.uid, ...identity };
}

function identityOf({ pid, startTicks }: z.infer<typeof Entry>, bootId: string | undefined) {
  if (pid === undefined || startTicks === undefined || bootId === undefined) return undefined;
  return { pid, startTicks, bootId };
}
