import { z } from "zod";
import { type RuntimeRecord } from "../../home-model.ts";
import { parseNodeId, type UserName } from "../../model.ts";
import { escapeSegment, parseServerName, parseUserName } from "../../user-name.ts";
import { type HomeFile, parseJson } from "./home-file.ts";

const Count = z.int().min(0).max(1_000_000);
const Busyness = z.object({ open: Count, busy: Count });
const Time = z.int().min(0).max(8.64e15);

/** Names that must fit together. */
const Said = z.object({
  version: z.literal(1),
  node: z.string(),
  user: z.string(),
  server: z.string(),
  baseUrl: z.string(),
});

const Measured = z.object({
  host: z.string().regex(/^[A-Za-z0-9_.-]{1,253}$/),
  port: z.int().min(1).max(65_535),
  pid: z.int().min(2).max(4_194_304),
  startTicks: z.int().min(0),
  bootId: z.guid(),
  startedAtMs: Time,
  writtenAtMs: Time,
  lastActivityMs: Time,
  kernels: Busyness,
  terminals: Busyness,
  connections: Count,
  rssBytes: z.int().min(0),
  cpuSeconds: z.number().min(0),
});

/** Left out while the server is busy, and by servers that were started before there was such a thing. */
const Idle = z.object({
  idleSinceMs: Time.optional().catch(undefined),
  idleButTabsSinceMs: Time.optional().catch(undefined),
});
type IdleTimes = Pick<RuntimeRecord, "idleSinceMs" | "idleButTabsSinceMs">;

/** What the file `jhub-NODE-PID.json` in the home of `user` says: a record of that user and node, or why it is none. */
export function parseRuntimeRecord(name: string, bytes: Uint8Array, user: UserName): HomeFile<RuntimeRecord> {
  const json = parseJson(bytes);
  if (json.kind !== "value") return json;
  const said = Said.safeParse(json.value).data;
  const measured = Measured.safeParse(json.value).data;
  if (said === undefined || measured === undefined) return { kind: "odd", why: "is no runtime record" };
  const node = parseNodeId(said.node);
  const server = parseServerName(said.server);
  if (node === undefined || server === undefined) return { kind: "odd", why: "names no node or no server" };
  const record = { key: { user, server }, node, ...measured, ...idleTimes(json.value, measured) };
  if (name !== recordFileName(record)) return { kind: "odd", why: "names another node or process" };
  if (parseUserName(said.user) !== user) return { kind: "odd", why: "names another user" };
  if (said.baseUrl !== basePathOf(record)) return { kind: "odd", why: "names another place on the node" };
  return { kind: "valid", value: record };
}

export function recordFileName({ node, pid }: Pick<RuntimeRecord, "node" | "pid">): string {
  return `jhub-${node}-${pid}.json`;
}

/** As far as they can be true: an end of work that lies ahead is none, one before the server was, its start. */
function idleTimes(
  value: unknown,
  { startedAtMs, writtenAtMs }: Pick<RuntimeRecord, "startedAtMs" | "writtenAtMs">,
): IdleTimes {
  const { idleSinceMs, idleButTabsSinceMs } = Idle.parse(value);
  function within(sinceMs: number | undefined): number | undefined {
    return sinceMs === undefined || sinceMs > writtenAtMs ? undefined : Math.max(sinceMs, startedAtMs);
  }
  const [since, butTabs] = [within(idleSinceMs), within(idleButTabsSinceMs)];
  return {
    ...(since !== undefined && { idleSinceMs: since }),
    ...(butTabs !== undefined && { idleButTabsSinceMs: butTabs }),
  };
}

function basePathOf({ key, node }: Pick<RuntimeRecord, "key" | "node">): string {
  const place = key.server === "" ? "" : `${escapeSegment(key.server)}/`;
  return `/n/${node}/user/${escapeSegment(key.user)}/${place}`;
}
