import { z } from "zod";
import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { Clock, HubApi, IdleStopAnswer, IdleStopOrder, IdleStops, NodeAgent } from "../../../ports.ts";
import { escapeSegment } from "../../../user-name.ts";
import { readAnswer, readChallenge, sealOrder, type IdleOrder } from "../decide/idle-order.ts";
import type { HubClient } from "../../hubs/io/hub-client.ts";

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
    const answer = await answerOf(order, signal);
    if (answer.kind !== "stopping") return answer;
    await hubApi.stopServer(order.node, order.key, signal);
    return (await hasEnded(order, signal))
      ? { kind: "stopped" }
      : silent("it said that it stops, and runs on");
  }

  async function answerOf(order: IdleStopOrder, signal: AbortSignal) {
    try {
      return await exchange(order, signal);
    } catch (err) {
      signal.throwIfAborted();
      if (err instanceof AppError) return silent(err.message);
      throw err;
    }
  }

  async function exchange(order: IdleStopOrder, signal: AbortSignal) {
    const { node, key } = order;
    const path = orderPath(order);
    const opening = await client.call(node, { method: "GET", path }, signal);
    if (opening.status !== 200) return silent(`it takes no orders: it answers ${opening.status}`);
    const challenge = readChallenge(opening.text, order, tokensOf(node));
    if (challenge === undefined)
      return silent("it was started under other keys than the router's, or is no server");
    const body = sealOrder({ ...order, key, idleForMs: idleForMs(order, clock.now()) }, challenge);
    const { status, text } = await client.call(node, { method: "POST", path, body }, signal);
    if (status !== 200) return silent(`it did not take the order: it answers ${status}`);
    return readAnswer(text, challenge) ?? silent("its answer cannot be believed");
  }

  /** When its hub knows, and the process holds its port no longer. */
  async function hasEnded({ node, key, process }: IdleStopOrder, signal: AbortSignal): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < endTimeoutMs; waitedMs += pollMs) {
      const listed = await hubApi.serversOf(node, key.user, signal);
      const isListed = listed.some(({ key: { server } }) => server === key.server);
      if (!isListed) return !isAmong(await agent.call(node, "servers", {}, signal), process);
      await clock.sleep(pollMs, signal);
    }
    return false;
  }

  return { ask };
}

function silent(why: string): Extract<IdleStopAnswer, { readonly kind: "silent" }> {
  return { kind: "silent", why };
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
