import { z } from "zod";
import { NodeName, parseJsonText } from "../../json-text.ts";
import type { ServerKey } from "../../model.ts";
import type { PlanRecord, StopNotice } from "../../plan.ts";
import { parseServerName, parseUserName } from "../../user-name.ts";

/** How plans and notices are written down. */

const Key = z.object({ user: z.string(), server: z.string() }).transform((said, context): ServerKey => {
  const user = parseUserName(said.user);
  const server = parseServerName(said.server);
  if (user !== undefined && server !== undefined) return { user, server };
  context.addIssue({ code: "custom", message: "no user or server can have this name" });
  return z.NEVER;
});

const Why = z.enum(["hot-node", "draining-node", "duplicate", "idle-too-long"]);
const Mode = z.enum(["off", "report", "act"]);
const named = { id: z.string(), reasons: z.array(z.string()), node: NodeName };

const MoveText = z.discriminatedUnion("kind", [
  z.object({ ...named, kind: z.literal("cordon") }),
  z.object({ ...named, kind: z.literal("uncordon") }),
  z.object({ ...named, kind: z.literal("warm-hub") }),
  z.object({ ...named, kind: z.literal("stop-hub") }),
  z.object({
    ...named,
    kind: z.literal("stop-server"),
    key: Key,
    process: z.object({ pid: z.int(), startTicks: z.int(), bootId: z.string() }),
    why: Why,
    idleSinceMs: z.number(),
    ignoresTabs: z.boolean(),
    expectedOn: NodeName.exactOptional(),
    notBeforeMs: z.number(),
  }),
]);

const PlanText = z.object({
  id: z.string(),
  madeAtMs: z.number(),
  mode: Mode,
  trigger: z.string(),
  nodes: z.array(
    z.object({
      node: NodeName,
      before: z.number().exactOptional(),
      after: z.number().exactOptional(),
      standing: z.enum(["cold", "level", "hot", "not counted"]),
      words: z.string(),
    }),
  ),
  moves: z.array(MoveText),
  leftAlone: z.array(
    z.object({ key: Key, node: NodeName, why: z.string(), startedAtMs: z.number().exactOptional() }),
  ),
  nothing: z.string().exactOptional(),
});

const RecordText = z.object({
  plan: PlanText,
  state: z.enum(["waiting", "acting", "grace", "done", "nothing", "expired"]),
  approvedBy: z.string().exactOptional(),
  outcomes: z.array(
    z.object({
      move: z.string(),
      result: z.enum(["done", "skipped", "failed", "unknown"]),
      words: z.string(),
      atMs: z.number(),
      isRefused: z.literal(true).exactOptional(),
    }),
  ),
  underWay: z.object({ move: z.string(), token: z.number() }).exactOptional(),
});

const Notices = z.array(
  z.object({
    key: Key,
    node: NodeName,
    why: Why,
    words: z.string(),
    sinceMs: z.number(),
    notBeforeMs: z.number(),
  }),
);

/** Undefined for anything that is no plan. */
export function parsePlanRecord(text: string | undefined): PlanRecord | undefined {
  return parseJsonText(RecordText, text);
}

/** None, if the text is no list of them. */
export function parseNotices(text: string | undefined): readonly StopNotice[] {
  return parseJsonText(Notices, text) ?? [];
}
