import type { NodeId } from "../model.ts";
import { REBALANCING, type Move, type MoveOutcome } from "../plan.ts";
import type { HubKeeper, IdleStops, NodeOrders } from "../ports.ts";

/** What plans are carried out by. */
export interface Hands {
  readonly orders: NodeOrders;
  readonly hubs: HubKeeper;
  readonly idleStops: IdleStops;
  readonly emptyHubs: EmptyHubs;
}

/** Stops hubs that nobody uses at that very moment. */
interface EmptyHubs {
  stop(
    node: NodeId,
    signal: AbortSignal,
  ): Promise<{ readonly kind: "stopped" } | { readonly kind: "kept"; readonly why: string }>;
}

export type Result = Pick<MoveOutcome, "result" | "words" | "isRefused">;

/** A cordon of ours ends by itself if nobody is there any more to lift it; a node that is hot still is cordoned again. */
const CORDON_FOR = "2h";
/** Of a node's order. */
const REASON_LENGTH = 200;

/** Makes one move. Throws why it cannot be made. */
export async function makeMove(move: Move, hands: Hands, signal: AbortSignal): Promise<Result> {
  const { node, reasons } = move;
  switch (move.kind) {
    case "cordon": {
      const reason = reasons.join("; ").slice(0, REASON_LENGTH);
      const wish = { kind: "cordon", by: REBALANCING, end: CORDON_FOR, reason, yields: true } as const;
      await hands.orders.give(node, wish, false, signal);
      return { result: "done", words: `${node} takes no new servers` };
    }
    case "uncordon":
      await hands.orders.give(node, { kind: "lift", by: REBALANCING, yields: true }, false, signal);
      return { result: "done", words: `${node} takes new servers again` };
    case "warm-hub":
      await hands.hubs.ensureReady(node, () => undefined, signal);
      return { result: "done", words: `the hub of ${node} is ready` };
    case "stop-hub":
      return answered(await hands.emptyHubs.stop(node, signal), "the hub has ended");
    case "stop-server": {
      const { key, process, idleSinceMs, ignoresTabs } = move;
      const order = { key, node, process, idleSinceMs, ignoresTabs };
      const answer = await hands.idleStops.ask(order, signal);
      const result = answered(answer, "it was idle, and has ended");
      return answer.kind === "stopped" ? result : { ...result, isRefused: true };
    }
  }
}

type Answer =
  { readonly kind: "stopped" } | { readonly kind: "kept" | "silent" | "unclear"; readonly why: string };

function answered(answer: Answer, done: string): Result {
  if (answer.kind === "stopped") return { result: "done", words: done };
  if (answer.kind === "unclear") return { result: "unknown", words: `it may end yet: ${answer.why}` };
  const words = answer.kind === "kept" ? answer.why : `no answer, and not stopped: ${answer.why}`;
  return { result: "skipped", words };
}
