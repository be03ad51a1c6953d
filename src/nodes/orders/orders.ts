import { z } from "zod";
import { AppError } from "../../errors.ts";
import type { NodeId, NodeOrder, NodeView } from "../../model.ts";
import type { Audit, Clock, NodeAgent, NodeOrders, OrderWish } from "../../ports.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { provisionRemedy } from "../ssh/decide/agent-answer.ts";
import { Line, parseOrderAnswer } from "./decide/node-order.ts";
import { readTime, showTime } from "../../wall-clock.ts";

export interface OrdersDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly cluster: Pick<Cluster, "snapshot" | "foresee"> & {
    readonly events: Pick<Cluster["events"], "ordered">;
  };
  readonly audit: Audit;
  readonly clock: Clock;
}

/** Gives orders to nodes, which keep them: a router only knows what its nodes have told it. */
export function createOrders({ agent, cluster, audit, clock }: OrdersDeps): NodeOrders {
  function find(node: NodeId): NodeView {
    const view = cluster.snapshot().nodes.find(({ spec }) => spec.id === node);
    if (view !== undefined) return view;
    throw new AppError("NODE_UNKNOWN", `${node} is not in the hosts file`, {
      remedy: "run: multijhub nodes",
      node,
    });
  }

  async function tell({ spec: { id } }: NodeView, order: NodeOrder | undefined, signal: AbortSignal) {
    hear(id, await agent.call(id, "set-order", { order: order ?? null }, signal));
  }

  /** What the node says that it keeps. */
  function hear(node: NodeId, answer: unknown): NodeOrder | undefined {
    const reading = parseOrderAnswer(answer);
    if (!reading.ok) {
      const message = `${node} told an order that cannot be read: ${reading.detail}`;
      throw new AppError("AGENT_ANSWER", message, { remedy: provisionRemedy(node), node });
    }
    cluster.events.ordered(node, reading.order);
    return reading.order;
  }

  /** By the node's own word of this moment: samples may not have told yet. */
  async function checkFree(node: NodeId, { by }: OrderWish, signal: AbortSignal): Promise<void> {
    const standing = hear(node, await agent.call(node, "order", {}, signal));
    const closure = find(node).closure;
    if (standing === undefined || standing.by === by || closure?.order === undefined) return;
    throw new AppError("ORDER_STANDS", `${node} is ${closure.words}`, { node });
  }

  /** As they run now; the node's samples count them every few seconds only. */
  async function countServers(node: NodeId, signal: AbortSignal): Promise<number | undefined> {
    const parsed = ServersAnswer.safeParse(await agent.call(node, "servers", {}, signal));
    return parsed.success ? parsed.data.servers.length : undefined;
  }

  return {
    async give(node, wish, isRehearsal, signal) {
      const view = find(node);
      const order = toOrder(wish, clock);
      if (view.state === "down") throw unreachable(view);
      const servers = await countServers(node, signal);
      if (!isRehearsal) {
        if (wish.yields) await checkFree(node, wish, signal);
        await tell(view, order, signal);
        const { by, kind: asked } = wish;
        await audit.note({ audit: "order", by, node, asked, order }, "order given to a node");
      }
      const after = isRehearsal ? cluster.foresee(view, order) : find(node).closure;
      return { before: view.closure, after, servers };
    },
  };
}

const ServersAnswer = z.object({ servers: z.array(z.unknown()) });

function toOrder(wish: OrderWish, clock: Clock): NodeOrder | undefined {
  const { kind, by, end, reason } = wish;
  for (const text of [by, reason]) {
    if (text !== undefined && !Line.safeParse(text).success)
      throw bad(`${JSON.stringify(text)} is not one line of 1 to 255 characters`);
  }
  if (kind === "lift") return undefined;
  const asked = { by, atMs: clock.now(), ...(reason !== undefined && { reason }) };
  const endMs = end === undefined ? undefined : toEnd(end, clock);
  return kind === "cordon"
    ? { kind, ...asked, ...(endMs !== undefined && { untilMs: endMs }) }
    : { kind, ...asked, ...(endMs !== undefined && { deadlineMs: endMs }) };
}

function toEnd(text: string, clock: Clock): number {
  const { timeZone } = clock;
  const nowMs = clock.now();
  const endMs = readTime(text, nowMs, timeZone);
  if (endMs === undefined) throw bad(`${JSON.stringify(text)} is not a time`);
  if (endMs > nowMs) return endMs;
  const now = `it is ${showTime(nowMs, nowMs, timeZone)} (${timeZone})`;
  throw bad(`${showTime(endMs, nowMs, timeZone)} is over: ${now}`);
}

function bad(message: string): AppError {
  const remedy = 'say it as "18:00" (today), "2026-11-21 18:00", "2026-11-21T18:00:00+01:00" or "2h"';
  return new AppError("BAD_ORDER", message, { remedy: message.includes("not one line") ? "" : remedy });
}

function unreachable({ spec, detail }: NodeView): AppError {
  const message = `${spec.id} keeps what is asked of it itself, and is down: ${detail}`;
  const remedy =
    "nobody is placed there meanwhile; ask again when it is back, or take it out of the hosts file";
  return new AppError("NODE_UNREACHABLE", message, { remedy, node: spec.id });
}
