import { AppError, type ErrorCode } from "./errors.ts";

/** Why a node cannot be reached, or used: few enough for a metric's label. */
export type LossCause =
  | "name-unknown"
  | "refused"
  | "no-route"
  | "no-answer"
  | "hung-after-accept"
  | "host-key-unknown"
  | "host-key-changed"
  | "auth-refused"
  | "ssh-config"
  | "connection-lost"
  | "agent-missing"
  | "agent-outdated"
  | "agent-failed";

export interface Loss {
  readonly cause: LossCause;
  /** What mends just that. */
  readonly remedy: string;
}

/** Tells what is behind a failure to reach a node. Where nothing better is known, the remedy is the error's own. */
export function lossOf(node: string, failure: unknown): Loss {
  if (!(failure instanceof AppError)) return { cause: "connection-lost", remedy: "" };
  const { code, message, remedy } = failure;
  const known = KNOWN.find((each) => each.code === code && each.sign.test(message));
  return known === undefined
    ? { cause: OTHERS[code] ?? "agent-failed", remedy }
    : { cause: known.cause, remedy: known.remedy(node) };
}

interface Known {
  readonly cause: LossCause;
  readonly code: ErrorCode;
  readonly sign: RegExp;
  readonly remedy: (node: string) => string;
}

const KNOWN: readonly Known[] = [
  {
    cause: "name-unknown",
    code: "NODE_UNREACHABLE",
    sign: /ENOTFOUND|EAI_AGAIN/,
    remedy: (node) =>
      `give the hosts file an address that resolves: ${node} address=...   # getent hosts ${node}`,
  },
  {
    cause: "refused",
    code: "NODE_UNREACHABLE",
    sign: /ECONNREFUSED/,
    remedy: (node) =>
      `on ${node}: systemctl enable --now sshd; if it listens elsewhere, say port= in the hosts file`,
  },
  {
    cause: "no-route",
    code: "NODE_UNREACHABLE",
    sign: /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    remedy: (node) => `switch ${node} on, or mend the way to it   # ip route get its address`,
  },
  {
    cause: "no-answer",
    code: "NODE_UNREACHABLE",
    sign: /did not answer/,
    remedy: (node) =>
      `switch ${node} on, and let the firewalls in between pass its sshd's port   # nc -vz ADDRESS 22`,
  },
  {
    cause: "hung-after-accept",
    code: "NODE_TIMEOUT",
    sign: /accepts connections/,
    remedy: (node) =>
      `at the console of ${node}: see whether sshd is stopped or the machine overloaded   # ps -o stat,cmd -C sshd; uptime`,
  },
  {
    cause: "host-key-unknown",
    code: "HOST_KEY_UNKNOWN",
    sign: /./,
    remedy: (node) => `multijhub trust ${node}`,
  },
  {
    cause: "host-key-changed",
    code: "HOST_KEY_CHANGED",
    sign: /./,
    remedy: (node) => `only if the machine was set up anew: multijhub trust ${node} --replace`,
  },
  {
    cause: "agent-missing",
    code: "AGENT_MISSING",
    sign: /./,
    remedy: (node) => `multijhub provision ${node}`,
  },
  {
    cause: "agent-outdated",
    code: "AGENT_VERSION",
    sign: /./,
    remedy: (node) => `multijhub provision ${node}`,
  },
];

const OTHERS: Readonly<Partial<Record<ErrorCode, LossCause>>> = {
  NODE_UNREACHABLE: "no-answer",
  NODE_TIMEOUT: "no-answer",
  SSH_AUTH_REFUSED: "auth-refused",
  SSH_CONFIG: "ssh-config",
  TUNNEL_LOST: "connection-lost",
  TUNNEL_REFUSED: "connection-lost",
};
