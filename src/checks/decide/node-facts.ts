import { z } from "zod";

const Listener = z.object({
  port: z.int(),
  address: z.string(),
  uid: z.int(),
  user: z.string().nullish(),
  pid: z.int().nullish(),
  isOurs: z.boolean(),
});

const Folder = z.union([
  z.object({ problem: z.string() }),
  z.object({
    inode: z.number(),
    changedMs: z.number(),
    uid: z.int(),
    fileSystem: z.string(),
    source: z.string(),
    options: z.string(),
    acl: z.enum(["posix", "nfs4"]).nullable(),
  }),
]);

const NodeAccount = z.object({
  name: z.string(),
  account: z.object({ uid: z.int(), gid: z.int(), home: z.string() }).nullable(),
  folder: Folder.nullable(),
});

const Facts = z.object({
  hostname: z.string(),
  clockMs: z.number(),
  python: z.string(),
  systemd: z.boolean(),
  memoryTotalBytes: z.number(),
  memoryAvailableBytes: z.number(),
  jupyterhub: z.object({ command: z.string(), version: z.string() }).nullable(),
  proxy: z.object({ command: z.array(z.string()) }).nullable(),
  uid: z.int(),
  agent: z.object({ version: z.string(), contentHash: z.string().nullable() }),
  listeners: z.array(Listener),
  portWarnings: z.array(z.string()),
  disks: z.array(z.object({ path: z.string(), freeBytes: z.number(), freeInodes: z.number().nullable() })),
  limits: z.object({ openFiles: z.number().nullable(), processes: z.number().nullable() }),
  userLimits: z
    .array(
      z.object({
        domain: z.string(),
        item: z.enum(["nofile", "nproc"]),
        value: z.number(),
        source: z.string(),
      }),
    )
    .default([]),
  otherHubs: z.array(z.object({ pid: z.int(), program: z.string(), user: z.string().nullish() })),
  aclTools: z.array(z.string()),
  group: z.object({ name: z.string(), gid: z.int() }).nullable(),
  accounts: z.array(NodeAccount),
});

/** What the agent's `check` tells of a node. */
export type NodeFacts = Readonly<z.infer<typeof Facts>>;
export type HomeFolder = z.infer<typeof Folder>;

/** Reads the answer to `check`; a text in place of facts says what cannot be read. */
export function parseNodeFacts(answer: unknown): NodeFacts | string {
  const parsed = Facts.safeParse(withoutControls(answer));
  return parsed.success ? parsed.data : z.prettifyError(parsed.error);
}

/** Names and paths of a node are printed on terminals. */
function withoutControls(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\p{Cc}+/gu, " ");
  if (Array.isArray(value)) return value.map(withoutControls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutControls(inner)]));
}
