import { setTimeout as sleep } from "node:timers/promises";
import { createPatience } from "../../../deadline.ts";
import { AppError } from "../../../errors.ts";
import type { NodeId, ServerKey } from "../../../model.ts";
import { keyText } from "../../../model.ts";
import type { HubApi } from "../../../ports.ts";
import { createEventReader } from "../decide/event-stream.ts";
import { type HubAnswer, type StartEvent, parseStartEvent } from "../decide/hub-answers.ts";
import { serverFailed } from "./hub-errors.ts";

export interface StartFollowerDeps {
  follow(
    node: NodeId,
    key: ServerKey,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<HubAnswer>;
  readonly serversOf: HubApi["serversOf"];
  readonly pollMs: number;
  readonly startTimeoutMs: number;
}

type End = Exclude<StartEvent, { kind: "progress" }>;

/** One start that is followed. */
interface Start {
  readonly node: NodeId;
  readonly key: ServerKey;
  readonly onProgress: (text: string, isQueued: boolean) => void;
}

/**
 * Follows a start by its progress stream. A stream that ends early, is lost or refused decides nothing: then the
 * hub's list tells, and the stream is taken up again while the start goes on, even through a restart of the hub.
 * The time that a batch system lets it wait does
 * not count. While a hub cleans up after a start that failed it refuses the stream; only after that it says why.
 */
export function createStartFollower(deps: StartFollowerDeps): HubApi["followStart"] {
  return async function followStart(node, key, onProgress, caller) {
    const patience = createPatience(() => AbortSignal.timeout(deps.startTimeoutMs));
    const { signal: deadline } = patience;
    const signal = AbortSignal.any([caller, deadline]);
    function hear(text: string, isQueued: boolean): void {
      if (isQueued) patience.renew();
      onProgress(text, isQueued);
    }
    let end: End;
    try {
      end = await untilEnd(deps, { node, key, onProgress: hear }, signal);
    } catch (err) {
      caller.throwIfAborted();
      throw deadline.aborted ? tooLong(node, key, deps.startTimeoutMs) : err;
    }
    if (end.kind === "failed") throw serverFailed(node, key, end.text);
  };
}

async function untilEnd(deps: StartFollowerDeps, start: Start, signal: AbortSignal): Promise<End> {
  for (let wasGone = false; ;) {
    const end = await readStream(deps, start, signal);
    if (end !== undefined) return end;
    const listed = await askList(deps, start, signal);
    if (listed === "ready") return { kind: "ready" };
    const isGone = listed === "gone";
    if (isGone && wasGone) return { kind: "failed", text: "it ended before it was ready" };
    wasGone = isGone;
    await sleep(deps.pollMs, undefined, { signal });
  }
}

async function readStream(
  deps: StartFollowerDeps,
  { node, key, onProgress }: Start,
  signal: AbortSignal,
): Promise<End | undefined> {
  const reader = createEventReader();
  const over = new AbortController();
  let end: End | undefined;
  function onText(text: string): void {
    for (const event of reader.feed(text).map(parseStartEvent)) {
      if (end !== undefined || event === undefined) continue;
      if (event.kind === "progress") onProgress(event.text, event.isQueued);
      else end = event;
    }
    if (end !== undefined) over.abort();
  }
  await deps.follow(node, key, onText, AbortSignal.any([signal, over.signal])).catch((err: unknown) => {
    signal.throwIfAborted();
    if (end === undefined && !isPassing(err)) throw err;
  });
  return end;
}

async function askList(
  { serversOf }: StartFollowerDeps,
  { node, key, onProgress }: Start,
  signal: AbortSignal,
): Promise<"ready" | "under-way" | "gone"> {
  const servers = await serversOf(node, key.user, signal).catch((err: unknown) => {
    signal.throwIfAborted();
    if (!isPassing(err)) throw err;
    onProgress(`waiting for the hub on ${node}`, false);
    return undefined;
  });
  if (servers === undefined) return "under-way";
  const server = servers.find((candidate) => keyText(candidate.key) === keyText(key));
  if (server === undefined) return "gone";
  return server.ready ? "ready" : "under-way";
}

/** What a restart of the hub or a blip of the network looks like. */
function isPassing(err: unknown): boolean {
  const passing = ["HUB_UNREACHABLE", "TUNNEL_LOST", "TUNNEL_REFUSED", "NODE_UNREACHABLE", "NODE_TIMEOUT"];
  return err instanceof AppError && passing.includes(err.code);
}

function tooLong(node: NodeId, { user }: ServerKey, timeoutMs: number): AppError {
  const seconds = Math.round(timeoutMs / 1000);
  return new AppError(
    "SERVER_TIMEOUT",
    `the server of ${user} on ${node} was not ready within ${seconds} s`,
    {
      node,
      remedy: "Try again: it may be up by now. If it stays, an administrator should look at the hub's log.",
    },
  );
}
