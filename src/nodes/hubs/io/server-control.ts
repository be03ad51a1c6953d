import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../../errors.ts";
import type { NodeId, ServerKey } from "../../../model.ts";
import type { HubApi } from "../../../ports.ts";
import { readStart, wordsOf } from "../decide/hub-answers.ts";
import { type HubCall, serverPath } from "./hub-calls.ts";
import { failed, refused, unknownUser } from "./hub-errors.ts";

/** Asks for starts and stops. A start waits for the end of a stop that is under way. */
export function createServerControl(
  call: HubCall,
  followStart: HubApi["followStart"],
  { pollMs, startTimeoutMs }: { readonly pollMs: number; readonly startTimeoutMs: number },
): Pick<HubApi, "startServer" | "stopServer"> {
  async function startServer(node: NodeId, key: ServerKey, signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
      const answer = await call(node, { method: "POST", path: serverPath(key) }, signal);
      const verdict = readStart(answer);
      if (verdict === "accepted") return;
      // The answer to a start that failed at once says only "error"; its progress says why.
      if (verdict === "broken") return followStart(node, key, () => undefined, signal);
      if (verdict === "unknown-user") throw unknownUser(node, key.user);
      if (verdict === "refused") throw refused(node, answer);
      if (verdict === "failed") throw failed(node, key, answer);
      await sleep(pollMs, undefined, { signal });
    }
    throw stillStopping(node, key);
  }

  async function stopServer(node: NodeId, key: ServerKey, signal: AbortSignal): Promise<void> {
    const answer = await call(node, { method: "DELETE", path: serverPath(key) }, signal);
    const isGone = answer.status === 404 && wordsOf(answer.text) !== undefined;
    if (answer.status !== 202 && answer.status !== 204 && !isGone) throw refused(node, answer);
  }

  return { startServer, stopServer };
}

function stillStopping(node: NodeId, { user }: ServerKey): AppError {
  return new AppError("SERVER_TIMEOUT", `the former server of ${user} on ${node} does not end`, {
    node,
    remedy: "Try again in a minute; an administrator can look at the hub's log on the node.",
  });
}
