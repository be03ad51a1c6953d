import { z } from "zod";
import { span } from "../../../amounts.ts";
import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { Clock, HubApi, IdleStopAnswer, IdleStopOrder, IdleStops, NodeAgent } from "../../../ports.ts";
import { escapeSegment } from "../../../user-name.ts";
import { plain } from "../../hubs/decide/hub-answers.ts";
import type { HubClient } from "../../hubs/io/hub-client.ts";
import {
  readAnswer,
  readChallenge,
  sealOrder,
  type Challenge,
  type IdleOrder,
} from "../decide/idle-order.ts";

export interface IdleStopsDeps {
  readonly client: Pick<HubClient, "call">;
  readonly hubApi: Pick<HubApi, "stopServer" | "serversOf">;
  readonly agent: Pick<NodeAgent, "call">;
  readonly clock: Pick<Clock, "now" | "sleep">;
}

export interface IdleStopsOptions {
  /** The tokens of a node's hub from which the key of a server that runs there may come. */
  readonly tokensOf: (node: NodeId) => readonly string[];
  readonly pollMs?: number;
  /** How long a server that has said that it stops may take, its kernels included. */
  readonly endTimeoutMs?: number;
}

/**
 * Has servers decide themselves whether they are idle. What gives no answer that its own key has sealed is left alone:
 * nothing here ends a server by other means.
 */
export function createIdleStops(deps: IdleStopsDeps, options: IdleStopsOptions): IdleStops {
  const { client, hubApi, agent, clock } = deps;
  const { tokensOf, pollMs = 250, endTimeoutMs = 60_000 } = options;

  async function ask(order: IdleStopOrder, signal: AbortSignal): Promise<IdleStopAnswer> {
    const opened = await orElse("silent", signal, () => open(order, signal));
    if (opened.kind !== "opened") return opened;
    const answer = await orElse("unclear", signal, () => give(order, opened.challenge, signal));
    return answer.kind === "stopping" ? orElse("unclear", signal, () => end(order, signal)) : answer;
  }

  async function open(order: IdleStopOrder, signal: AbortSignal) {
    const { node } = order;
    const { status, text } = await client.call(
      node,
      { ...SERVER, method: "GET", path: orderPath(order) },
      signal,
    );
    if (status !== 200) return silent(`it takes no orders: it answers ${status}`);
    const challenge = readChallenge(text, order, tokensOf(node));
    if (challenge === undefined)
      return silent("it was started under other keys than the router's, or is no server");
    return { kind: "opened", challenge } as const;
  }

  async function give(order: IdleStopOrder, challenge: Challenge, signal: AbortSignal) {
    const body = sealOrder({ ...order, idleForMs: idleForMs(order, clock.now()) }, challenge);
    const request = { ...SERVER, method: "POST", path: orderPath(order), body } as const;
    const { status, text } = await client.call(order.node, request, signal);
    if (status !== 200) return silent(`it did not take the order: it answers ${status}`);
    return readAnswer(text, challenge) ?? silent("its answer cannot be believed");
  }

  async function end(order: IdleStopOrder, signal: AbortSignal): Promise<IdleStopAnswer> {
    await hubApi.stopServer(order.node, order.key, signal);
    const what = await whatIsLeft(order, signal);
    return what === undefined ? { kind: "stopped" } : unclear(`it said that it stops, and ${what}`);
  }

  /** Nothing when its hub does not list it any more, and the process holds its port no longer. */
  async function whatIsLeft({ node, key, process }: IdleStopOrder, signal: AbortSignal) {
    for (let waitedMs = 0; waitedMs < endTimeoutMs; waitedMs += pollMs) {
      const listed = await hubApi.serversOf(node, key.user, signal);
      if (!listed.some(({ key: { server } }) => server === key.server)) {
        const isThere = isAmong(await agent.call(node, "servers", {}, signal), process);
        return isThere ? "its process runs on" : undefined;
      }
      await clock.sleep(pollMs, signal);
    }
    return `its hub lists it still, after ${span(endTimeoutMs)}`;
  }

  return { ask };
}

/** Whom an order is for, in words. */
const SERVER = { whom: "the server" } as const;

type NoWord = Extract<IdleStopAnswer, { readonly kind: "silent" | "unclear" }>;

/** What it comes to, or what has failed on the way. */
async function orElse<T>(
  kind: NoWord["kind"],
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | NoWord> {
  try {
    return await work();
  } catch (err) {
    signal.throwIfAborted();
    if (err instanceof AppError) return { kind, why: plain(err.message) };
    throw err;
  }
}

function silent(why: string): NoWord {
  return { kind: "silent", why };
}

function unclear(why: string): NoWord {
  return { kind: "unclear", why };
}

function orderPath({ key: { user, server } }: IdleStopOrder): string {
  const named = server === "" ? "" : `${escapeSegment(server)}/`;
  return `/user/${escapeSegment(user)}/${named}multijhub/stop-if-idle`;
}

/** A little less than since then: what the router knows of it is a sample, by another clock. */
function idleForMs({ idleSinceMs }: IdleStopOrder, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - idleSinceMs);
  return Math.floor(passedMs - Math.min(SLACK_MS, passedMs / 10));
}

const SLACK_MS = 5000;

const Servers = z.object({
  bootId: z.string(),
  servers: z.array(z.object({ pid: z.int(), startTicks: z.int() })),
});

/** Whether the agent's list of servers names this process. Throws AGENT_ANSWER. */
function isAmong(answer: unknown, { pid, startTicks, bootId }: IdleOrder["process"]): boolean {
  const read = Servers.safeParse(answer).data;
  if (read === undefined) throw new AppError("AGENT_ANSWER", "the agent's list of servers cannot be read");
  return (
    read.bootId === bootId && read.servers.some((one) => one.pid === pid && one.startTicks === startTicks)
  );
}
