/** A broken promise: a stable code for logs, metrics and tests, and what a person can do about it. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** What a person can do about it; empty where nothing helps but trying again. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    { remedy = "", cause, ...details }: { remedy?: string; cause?: unknown } & Record<string, unknown> = {},
  ) {
    super(message, { cause });
    this.name = "AppError";
    this.code = code;
    this.remedy = remedy;
    this.details = details;
  }
}

/** Every code there is, so that tables over them are checked for completeness. */
export type ErrorCode =
  // configuration and files of the router
  | "BAD_CONFIG"
  | "STATE_DIRECTORY"
  | "BAD_NAME"
  // the command line asking the running router
  | "ROUTER_NOT_RUNNING"
  | "API_REFUSED"
  // SSH
  | "NODE_UNKNOWN"
  | "NODE_UNREACHABLE"
  | "NODE_TIMEOUT"
  | "HOST_KEY_UNKNOWN"
  | "HOST_KEY_CHANGED"
  | "SSH_AUTH_REFUSED"
  | "SSH_CONFIG"
  | "TUNNEL_REFUSED"
  | "TUNNEL_LOST"
  // the agent and the hub it starts
  | "AGENT_MISSING"
  | "AGENT_VERSION"
  | "AGENT_ANSWER"
  | "JUPYTERHUB_MISSING"
  | "JUPYTERHUB_TOO_OLD"
  | "PROXY_MISSING"
  | "PORT_TAKEN"
  | "LISTENER_NOT_HUB"
  | "HUB_NOT_HEALTHY"
  | "BAD_SETTINGS"
  | "STATE_DIR_UNUSABLE"
  | "DISK_FULL"
  | "NOT_ROOT"
  | "BAD_FRAGMENT"
  // the hub's REST API
  | "HUB_REFUSED"
  | "HUB_UNREACHABLE"
  | "USER_REFUSED"
  | "SERVER_FAILED"
  | "SERVER_TIMEOUT"
  // the way in
  | "NO_NODE_AVAILABLE"
  | "TOO_MANY_STARTS"
  | "SIGN_IN_FAILED"
  | "LOBBY_DOWN"
  | "STORE_UNAVAILABLE"
  | "STOPPING";

/** The HTTP status for a failure: decided here, once. */
export function toHttpStatus(error: unknown): number {
  return error instanceof AppError ? (STATUS[error.code] ?? 500) : 500;
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_NAME: 400,
  NODE_UNKNOWN: 404,
  USER_REFUSED: 403,
  SIGN_IN_FAILED: 403,
  TOO_MANY_STARTS: 429,
  TUNNEL_REFUSED: 502,
  TUNNEL_LOST: 502,
  HUB_REFUSED: 502,
  LISTENER_NOT_HUB: 502,
  NODE_UNREACHABLE: 503,
  HOST_KEY_UNKNOWN: 503,
  HOST_KEY_CHANGED: 503,
  SSH_AUTH_REFUSED: 503,
  HUB_UNREACHABLE: 503,
  HUB_NOT_HEALTHY: 503,
  NO_NODE_AVAILABLE: 503,
  LOBBY_DOWN: 503,
  STORE_UNAVAILABLE: 503,
  STOPPING: 503,
  NODE_TIMEOUT: 504,
  SERVER_TIMEOUT: 504,
};
