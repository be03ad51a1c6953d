import { AppError } from "../../../errors.ts";
import type { NodeId, ServerKey, UserName } from "../../../model.ts";
import { type HubAnswer, readRefusal, wordsOf } from "../decide/hub-answers.ts";

/** An answer that ends what we were at, as an error. What the hub's proxy says in its place is HUB_UNREACHABLE. */
export function refused(node: NodeId, answer: HubAnswer): AppError {
  const { status } = answer;
  const words = wordsOf(answer.text);
  if (words === undefined && [404, 502, 503, 504].includes(status)) {
    return new AppError("HUB_UNREACHABLE", `the hub on ${node} is not there: its proxy answers ${status}`, {
      node,
      status,
      remedy: "Try again in a few seconds; the router restarts it.",
    });
  }
  const isStranger = status === 401 || status === 403;
  return new AppError("HUB_REFUSED", `the hub on ${node} refused: ${words ?? `status ${status}`}`, {
    node,
    status,
    remedy: isStranger
      ? "The hub was started by a router with another state directory: stop it there with `multijhub-agent stop-hub`."
      : `Look at the hub's log on ${node}.`,
  });
}

/** An answer of another shape than JupyterHub's. */
export function unexpected(node: NodeId, what: string): AppError {
  return new AppError("HUB_REFUSED", `the hub on ${node} answers unexpectedly: ${what}`, {
    node,
    remedy: `Compare the version of JupyterHub on ${node} with the supported ones.`,
  });
}

export function unknownUser(node: NodeId, user: UserName): AppError {
  return new AppError("USER_REFUSED", `the hub on ${node} does not know ${user}`, {
    node,
    remedy: "Sign out and in again, so that the router introduces you to this hub.",
  });
}

export function userRefused(node: NodeId, answer: HubAnswer): AppError {
  const words = wordsOf(answer.text) ?? "no reason given";
  return new AppError("USER_REFUSED", `${node} refuses this user: ${words}`, {
    node,
    remedy: "Ask the administrator of this JupyterHub for access.",
  });
}

/** The server did not start, in the hub's words. What our part of the hub refuses has a code of its own. */
export function serverFailed(node: NodeId, { user }: ServerKey, words: string): AppError {
  const refusal = readRefusal(words);
  if (refusal !== undefined) {
    const { code, holder } = refusal;
    const details = { node, remedy: REFUSAL_REMEDIES[code], ...(holder !== undefined && { holder }) };
    return new AppError(code, `${node}: ${refusal.words}`, details);
  }
  return new AppError("SERVER_FAILED", `the server of ${user} on ${node} did not start: ${words}`, {
    node,
    remedy: "Try again. If it stays, show this message to an administrator: the hub's log has more.",
  });
}

const REFUSAL_REMEDIES = {
  CLAIMED_ELSEWHERE: "Try again in a moment: there you find the server that runs.",
  START_NOT_PERMITTED: "Start your servers from the entrance.",
  GPU_TAKEN: "Try again: another device, or another node, is looked for.",
  HOME_UNREACHABLE: "Look at the file server of the homes, and at its mount on the node.",
};

export function failed(node: NodeId, key: ServerKey, answer: HubAnswer): AppError {
  const words = wordsOf(answer.text);
  return words === undefined ? refused(node, answer) : serverFailed(node, key, words);
}
