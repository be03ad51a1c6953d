import { z } from "zod";
import { type Claim } from "../../home-model.ts";
import { parseNodeId, type ServerName, type UserName } from "../../model.ts";
import { parseServerName, parseUserName } from "../../user-name.ts";
import { type HomeFile, parseJson } from "./home-file.ts";

const ClaimFile = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[A-Za-z0-9_-]{16,128}$/),
  user: z.string(),
  server: z.string(),
  node: z.string(),
  bootId: z.guid(),
  createdAtMs: z.int().min(0).max(8.64e15),
});

/** What the file `jhub-claim-SERVER.json` in the home of `user` says: that user's claim, or why it is none. */
export function parseClaimFile(name: string, bytes: Uint8Array, user: UserName): HomeFile<Claim> {
  const json = parseJson(bytes);
  if (json.kind !== "value") return json;
  const file = ClaimFile.safeParse(json.value);
  if (!file.success) return { kind: "odd", why: "is no claim" };
  const { id, bootId, createdAtMs } = file.data;
  const node = parseNodeId(file.data.node);
  const server = parseServerName(file.data.server);
  if (node === undefined || server === undefined) return { kind: "odd", why: "names no node or no server" };
  if (name !== claimFileName(server)) return { kind: "odd", why: "names another server" };
  if (parseUserName(file.data.user) !== user) return { kind: "odd", why: "names another user" };
  return { kind: "valid", value: { id, key: { user, server }, node, bootId, createdAtMs } };
}

/** As the hub names it: Python's `quote(server, safe="")`. */
export function claimFileName(server: ServerName): string {
  const quoted = encodeURIComponent(server).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `jhub-claim-${quoted}.json`;
}
