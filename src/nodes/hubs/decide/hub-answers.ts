import { z } from "zod";
import { parseJsonText } from "../../../json-text.ts";
import { type HubServer, type NodeId, parseNodeId, type UserName } from "../../../model.ts";
import { parseServerName, parseUserName } from "../../../user-name.ts";

/** What a hub answers, parsed. A hub is not trusted to speak well: anything unexpected is `undefined`, never a throw. */
export interface HubAnswer {
  readonly status: number;
  readonly text: string;
}

export interface UserPage {
  readonly servers: readonly HubServer[];
  readonly total: number;
  /** The offset of the next page; absent on the last one. */
  readonly next?: number;
}

const Server = z.object({
  ready: z.boolean(),
  pending: z.string().nullish(),
  stopped: z.boolean().optional(),
  started: z.string().max(64).nullish(),
  last_activity: z.string().max(64).nullish(),
});

const User = z.object({ name: z.string(), servers: z.record(z.string(), Server).optional() });

const Page = z.object({
  items: z.array(User),
  _pagination: z.object({
    total: z.int().nonnegative(),
    next: z.object({ offset: z.int().positive() }).nullable(),
  }),
});

/** One page of `GET /users?state=active`. Names that can be nobody's are left out: no key of ours could name them. */
export function parseUserPage(text: string): UserPage | undefined {
  const page = parseJsonText(Page, text);
  if (page === undefined) return undefined;
  const { total, next } = page._pagination;
  const servers = page.items.flatMap(serversOfUser);
  return next === null ? { servers, total } : { servers, total, next: next.offset };
}

/** The servers in `GET /users/U`; `undefined` as well if the answer is about somebody else, or shows no servers. */
export function parseUser(text: string, user: UserName): readonly HubServer[] | undefined {
  const answer = parseJsonText(User, text);
  return answer?.name === user && answer.servers !== undefined ? serversOfUser(answer) : undefined;
}

function serversOfUser({ name, servers }: z.infer<typeof User>): HubServer[] {
  const user = parseUserName(name);
  if (user === undefined) return [];
  return Object.entries(servers ?? {}).flatMap(([serverName, details]) => {
    const server = parseServerName(serverName);
    return server === undefined || details.stopped === true ? [] : [toServer({ user, server }, details)];
  });
}

function toServer(key: HubServer["key"], details: z.infer<typeof Server>): HubServer {
  const { ready, pending, started, last_activity: lastActivity } = details;
  return {
    key,
    ready,
    ...((pending === "spawn" || pending === "stop") && { pending }),
    ...(typeof started === "string" && { startedAt: started }),
    ...(typeof lastActivity === "string" && { lastActivity }),
  };
}

const Message = z.object({ message: z.string() });
const Reason = z.object({ reason: z.string() });
const OAuthError = z.object({ error: z.string() });

/** The hub's own words in an error answer; `undefined` when it was not the hub's API that answered. */
export function wordsOf(text: string): string | undefined {
  const words =
    parseJsonText(Reason, text)?.reason ??
    parseJsonText(Message, text)?.message ??
    parseJsonText(OAuthError, text)?.error;
  return words === undefined ? undefined : plain(words);
}

/** Text of a hub or a server as one short line, fit for a page and a log. */
export function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length <= 400 ? line : `${line.slice(0, 399)}…`;
}

export type StartVerdict = "accepted" | "stopping" | "unknown-user" | "refused" | "broken" | "failed";

/** What an answer to `POST .../server` means. A start under way and a server that runs are as good as a new start. */
export function readStart({ status, text }: HubAnswer): StartVerdict {
  if (status === 201 || status === 202) return "accepted";
  if (status === 401 || status === 403) return "refused";
  const words = wordsOf(text);
  // Without words it was the hub's proxy that answered.
  if (words === undefined) return "failed";
  if (status === 404) return "unknown-user";
  if (status === 500) return "broken";
  return status === 400 ? readBadStart(words) : "failed";
}

function readBadStart(words: string): StartVerdict {
  if (/already running|is pending (?:spawn|check)/.test(words)) return "accepted";
  return words.includes("is pending stop") ? "stopping" : "failed";
}

const Progress = z.object({
  message: z.string().optional(),
  queued: z.boolean().optional(),
  ready: z.literal(true).optional(),
  failed: z.literal(true).optional(),
});

export type StartEvent =
  | { readonly kind: "progress"; readonly text: string; readonly isQueued: boolean }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly text: string };

/** One event of a start's progress; `undefined` if it says nothing. */
export function parseStartEvent(data: string): StartEvent | undefined {
  const event = parseJsonText(Progress, data);
  if (event === undefined) return undefined;
  const text = plain(event.message ?? "");
  if (event.ready) return { kind: "ready" };
  if (event.failed) return { kind: "failed", text };
  return text === "" ? undefined : { kind: "progress", text, isQueued: event.queued === true };
}

/** Why our part of the hub starts no server: `multijhub_hub/claims.py` says it so. */
export interface StartRefusal {
  readonly code: (typeof REFUSALS)[number];
  /** With CLAIMED_ELSEWHERE: the node whose claim stands. */
  readonly holder?: NodeId;
  readonly words: string;
}

const REFUSALS = ["CLAIMED_ELSEWHERE", "START_NOT_PERMITTED", "GPU_TAKEN", "HOME_UNREACHABLE"] as const;
const REFUSAL = new RegExp(`\\b(${REFUSALS.join("|")})(?: (\\S+))?: (.+)$`);

/** The refusal in a hub's words; `undefined` when a start failed for other reasons. */
export function readRefusal(text: string): StartRefusal | undefined {
  const [, found, name = "", words = ""] = REFUSAL.exec(text) ?? [];
  const code = REFUSALS.find((known) => known === found);
  const holder = parseNodeId(name);
  return code === undefined ? undefined : { code, words, ...(holder !== undefined && { holder }) };
}

const Token = z.object({ access_token: z.string().min(1) });

/** The access token in an answer of the OAuth token endpoint. */
export function parseToken(text: string): string | undefined {
  return parseJsonText(Token, text)?.access_token;
}

const Visitor = z.object({
  kind: z.literal("user"),
  name: z.string(),
  admin: z.boolean().optional(),
  groups: z.array(z.string()).optional(),
  token_id: z.string().nullish(),
});

export interface Visitor {
  readonly user: UserName;
  readonly isAdmin: boolean;
  readonly groups: readonly string[];
  readonly tokenId?: string;
}

/** Who a token belongs to, from `GET /user`. */
export function parseVisitor(text: string): Visitor | undefined {
  const visitor = parseJsonText(Visitor, text);
  const user = parseUserName(visitor?.name);
  if (visitor === undefined || user === undefined) return undefined;
  return {
    user,
    isAdmin: visitor.admin ?? false,
    groups: visitor.groups ?? [],
    ...(typeof visitor.token_id === "string" && { tokenId: visitor.token_id }),
  };
}
