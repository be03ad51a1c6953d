import { AppError, toHttpStatus, type ErrorCode } from "../../../errors.ts";
import { html, type Html } from "../../web/decide/html.ts";
import type { Failure, Journey } from "./journey.ts";

interface Words {
  readonly title: string;
  /** What it means for the user, and what they can do. */
  readonly text: string;
}

const ADMIN = "Nothing was started. Please tell an administrator; the details below are for them.";
const AGAIN = "Nothing is lost: your files are as they were. Try again in a moment.";

const UNREACHABLE: Words = { title: "The node does not answer", text: AGAIN };
const STRANGER: Words = {
  title: "The node could not prove who it is",
  text: `Nothing was sent to it. ${ADMIN}`,
};
const MISFITTED: Words = { title: "The node is not set up right", text: ADMIN };
const INTRUDER: Words = { title: "Something else stands in JupyterHub's place", text: ADMIN };
const HUB: Words = { title: "JupyterHub on the node is not well", text: AGAIN };

const WORDS: Readonly<Partial<Record<Failure["code"], Words>>> = {
  NO_NODE_AVAILABLE: {
    title: "No node can take your server now",
    text: "Each is full, being drained or not answering; the table says which. Try again in a few minutes.",
  },
  BAD_ORDER: {
    title: "This cannot be asked of a node",
    text: "Nothing has changed. Go back and correct it.",
  },
  TOO_MANY_STARTS: { title: "Too many of your servers are being started", text: AGAIN },
  NODE_UNKNOWN: { title: "That node is no longer there", text: AGAIN },
  NODE_UNREACHABLE: UNREACHABLE,
  NODE_TIMEOUT: UNREACHABLE,
  TUNNEL_LOST: UNREACHABLE,
  TUNNEL_REFUSED: UNREACHABLE,
  HOST_KEY_UNKNOWN: STRANGER,
  HOST_KEY_CHANGED: STRANGER,
  SSH_AUTH_REFUSED: { title: "The node refuses the router", text: ADMIN },
  SSH_CONFIG: MISFITTED,
  AGENT_MISSING: MISFITTED,
  AGENT_VERSION: MISFITTED,
  AGENT_ANSWER: MISFITTED,
  JUPYTERHUB_MISSING: MISFITTED,
  JUPYTERHUB_TOO_OLD: MISFITTED,
  PROXY_MISSING: MISFITTED,
  BAD_SETTINGS: MISFITTED,
  BAD_FRAGMENT: MISFITTED,
  NOT_ROOT: MISFITTED,
  STATE_DIR_UNUSABLE: MISFITTED,
  DISK_FULL: { title: "The node's disk is full", text: ADMIN },
  PORT_TAKEN: INTRUDER,
  LISTENER_NOT_HUB: INTRUDER,
  HUB_NOT_HEALTHY: HUB,
  HUB_UNREACHABLE: HUB,
  HUB_REFUSED: HUB,
  USER_REFUSED: {
    title: "The node does not let you in",
    text: "Your account may not work there. Please ask an administrator.",
  },
  SERVER_FAILED: {
    title: "Your server did not start",
    text: "JupyterHub gave it up; its words are below. A full home directory is a frequent cause.",
  },
  SERVER_TIMEOUT: {
    title: "Your server took too long",
    text: "It may still become ready: trying again goes on with it, and starts no second one.",
  },
  CLAIMED_ELSEWHERE: {
    title: "Your server is being started on another node",
    text: "There is one server for you at a time. Try again in a moment: you are brought to it once it is there.",
  },
  START_NOT_PERMITTED: { title: "The node did not expect your server", text: AGAIN },
  GPU_TAKEN: { title: "The GPU was given to another server in the same moment", text: AGAIN },
  HOME_UNREACHABLE: {
    title: "Your home directory does not answer",
    text: "The node waits for the file server in vain. Nothing was started; try again in a moment, or tell an administrator.",
  },
  NO_SUCH_SERVER: { title: "That server is no longer there", text: AGAIN },
  UNDECIDED: {
    title: "Your server waits for your decision",
    text: "Nothing was stopped and nothing was started. Try again, and the choice is there once more.",
  },
  STORE_UNAVAILABLE: { title: "The router's memory does not answer", text: AGAIN },
  STOPPING: { title: "The router is being restarted", text: AGAIN },
};

const OTHER: Words = { title: "That did not work", text: AGAIN };

/** A failure in words: a title and what it means for the user. Every code has some. */
export function wordsFor(code: ErrorCode | "UNEXPECTED"): Words {
  return WORDS[code] ?? OTHER;
}

/** What failed, what it means, what was said and what helps, to stand above a way forward. */
export function failureText({ code, message, remedy }: Failure): Html {
  const { text } = wordsFor(code);
  return html`<p>${text}</p>
    <p class="muted"><code>${code}</code> ${message}</p>
    ${remedy === "" ? undefined : html`<p class="muted">Remedy: ${remedy}</p>`}`;
}

/** The status of the page that shows this journey. */
export function journeyStatus({ outcome, obstacle }: Journey): number {
  if (outcome?.kind === "failed") {
    return outcome.code === "UNEXPECTED" ? 500 : toHttpStatus(new AppError(outcome.code, outcome.message));
  }
  if (obstacle === undefined) return 200;
  return obstacle.kind === "silent" ? 503 : 409;
}
