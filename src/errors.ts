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
  // the command line
  | "BAD_ARRIVALS"
  // the command line asking the running router
  | "ROUTER_NOT_RUNNING"
  | "API_REFUSED"
  | "BAD_ORDER"
  | "ORDER_STANDS"
  // rebalancing
  | "PLAN_UNKNOWN"
  | "PLAN_NOT_WAITING"
  | "REBALANCE_OFF"
  | "REBALANCE_BUSY"
  | "NOT_LEADER"
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
  | "HUB_IN_USE"
  | "BAD_SETTINGS"
  | "STATE_DIR_UNUSABLE"
  | "DISK_FULL"
  | "NOT_ROOT"
  | "BAD_FRAGMENT"
  | "NO_SUCH_SERVER"
  // the hub's REST API
  | "HUB_REFUSED"
  | "HUB_UNREACHABLE"
  | "USER_REFUSED"
  | "SERVER_FAILED"
  | "SERVER_TIMEOUT"
  | "CLAIMED_ELSEWHERE"
  | "START_NOT_PERMITTED"
  | "GPU_TAKEN"
  | "HOME_UNREACHABLE"
  // homes
  | "HOME_UNREADABLE"
  // the router's own system
  | "DIRECTORY_SILENT"
  // the way in
  | "NO_NODE_AVAILABLE"
  | "TOO_MANY_STARTS"
  | "UNDECIDED"
  | "SIGN_IN_FAILED"
  | "LOBBY_DOWN"
  | "STORE_UNAVAILABLE"
  | "LEASE_LOST"
  | "STOPPING";

/** The HTTP status for a failure: decided here, once. */
export function toHttpStatus(error: unknown): number {
  return error instanceof AppError ? (STATUS[error.code] ?? 500) : 500;
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_NAME: 400,
  BAD_ORDER: 400,
  PLAN_UNKNOWN: 404,
  ORDER_STANDS: 409,
  PLAN_NOT_WAITING: 409,
  REBALANCE_OFF: 409,
  REBALANCE_BUSY: 409,
  NOT_LEADER: 409,
  NODE_UNKNOWN: 404,
  NO_SUCH_SERVER: 404,
  USER_REFUSED: 403,
  SIGN_IN_FAILED: 403,
  TOO_MANY_STARTS: 429,
  UNDECIDED: 409,
  HUB_IN_USE: 409,
  TUNNEL_REFUSED: 502,
  TUNNEL_LOST: 502,
  HUB_REFUSED: 502,
  LISTENER_NOT_HUB: 502,
  NODE_UNREACHABLE: 503,
  HOST_KEY_UNKNOWN: 503,
  HOST_KEY_CHANGED: 503,
  SSH_AUTH_REFUSED: 503,
  HUB_UNREACHABLE: 503,
  CLAIMED_ELSEWHERE: 503,
  START_NOT_PERMITTED: 503,
  GPU_TAKEN: 503,
  HOME_UNREACHABLE: 503,
  HUB_NOT_HEALTHY: 503,
  HOME_UNREADABLE: 503,
  DIRECTORY_SILENT: 503,
  NO_NODE_AVAILABLE: 503,
  LOBBY_DOWN: 503,
  STORE_UNAVAILABLE: 503,
  LEASE_LOST: 503,
  STOPPING: 503,
  NODE_TIMEOUT: 504,
  SERVER_TIMEOUT: 504,
};
