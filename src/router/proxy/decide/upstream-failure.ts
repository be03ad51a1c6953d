import { AppError, toHttpStatus, type ErrorCode } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";

/** A failed way to a node, in words for its visitor. */
export interface UpstreamFailure {
  readonly status: number;
  /** Stable; for scripts and tests. */
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

/** Says which part is down: the node, the way to it, the hub's proxy on it, or the answer itself. */
export function describeFailure(node: NodeId, error: unknown): UpstreamFailure {
  const code = codeOf(error);
  const [status, title, text] = isListed(code) ? WORDS[code] : fallback(error);
  return { status, code, title: title.replaceAll("NODE", node), text: text.replaceAll("NODE", node) };
}

type Words = readonly [status: number, title: string, text: string];

const UNREACHABLE: Words = [
  503,
  "NODE cannot be reached",
  "The machine NODE does not answer. Nothing of yours was stopped: if it comes back, your server is still there.",
];
const REFUSED: Words = [
  502,
  "The hub on NODE is not running",
  "The machine NODE is up, but its JupyterHub does not accept connections. The router restarts it; running servers stay.",
];
const LOST: Words = [
  502,
  "The connection to NODE was lost",
  "The connection to NODE, or to your server on it, ended before the answer came. It is set up again by itself.",
];
const SLOW: Words = [
  504,
  "NODE takes too long",
  "The machine NODE, or your server on it, did not answer in time.",
];
const IDENTITY: Words = [
  503,
  "NODE cannot be trusted at the moment",
  "The router could not prove that it speaks to NODE itself and stays away from it. An administrator has to look.",
];
const GARBLED: Words = [502, "NODE gave no proper answer", "What came back from NODE was not valid HTTP."];

const WORDS = {
  NODE_UNKNOWN: [404, "No node NODE", "There is no machine of this name here."],
  NODE_UNREACHABLE: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  HOST_KEY_UNKNOWN: IDENTITY,
  HOST_KEY_CHANGED: IDENTITY,
  SSH_AUTH_REFUSED: IDENTITY,
  LISTENER_NOT_HUB: [502, IDENTITY[1], IDENTITY[2]],
  TUNNEL_REFUSED: REFUSED,
  ECONNREFUSED: REFUSED,
  TUNNEL_LOST: LOST,
  ERR_TUNNEL_LOST: LOST,
  ECONNRESET: LOST,
  EPIPE: LOST,
  UND_ERR_SOCKET: LOST,
  NODE_TIMEOUT: SLOW,
  ETIMEDOUT: [504, UNREACHABLE[1], UNREACHABLE[2]],
  UND_ERR_CONNECT_TIMEOUT: [504, UNREACHABLE[1], UNREACHABLE[2]],
  UND_ERR_HEADERS_TIMEOUT: SLOW,
  UND_ERR_BODY_TIMEOUT: SLOW,
  UND_ERR_HEADERS_OVERFLOW: GARBLED,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: GARBLED,
  STOPPING: [503, "Restarting", "The router is being restarted. Your server is not touched."],
} as const satisfies Readonly<Record<string, Words>>;

function isListed(code: string): code is keyof typeof WORDS {
  return Object.hasOwn(WORDS, code);
}

function fallback(error: unknown): Words {
  const status = error instanceof AppError ? toHttpStatus(error) : 502;
  return [status, "NODE did not answer properly", "The way to NODE failed."];
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") return "UPSTREAM_FAILED";
  return code.startsWith("HPE_") ? "UND_ERR_HEADERS_OVERFLOW" : code;
}

/** Codes that say something about the node or its hub, not about one server or one request. */
export function isSuspicious(error: unknown): boolean {
  return error instanceof AppError ? SUSPICIOUS.has(error.code) : codeOf(error) === "ECONNREFUSED";
}

const SUSPICIOUS: ReadonlySet<ErrorCode> = new Set([
  "NODE_UNREACHABLE",
  "NODE_TIMEOUT",
  "TUNNEL_REFUSED",
  "TUNNEL_LOST",
  "LISTENER_NOT_HUB",
]);
