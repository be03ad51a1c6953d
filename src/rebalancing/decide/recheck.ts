import { count, span } from "../../amounts.ts";
import { keyText, type NodeId, type NodeView } from "../../model.ts";
import { REBALANCING, type Move, type NodeUse, type StopMove } from "../../plan.ts";
import { isSameProcess } from "../../sighting.ts";
import { judge } from "./idleness.ts";
import { isClosedByUs } from "./node-use.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { RunningServer, Situation } from "./situation.ts";

/** How it is now. */
export interface Now {
  readonly situation: Situation;
  /** Of the nodes, as a plan would have it now. */
  readonly nodes: readonly NodeUse[];
  readonly policy: RebalancePolicy;
}

/** Clocks are compared by samples of the nodes: the same moment is told a little differently each time. */
const SAME_MOMENT_MS = 2000;

/** Why a move is not to be made any more, in words; undefined if all that it rests on still holds. */
export function objection(move: Move, now: Now): string | undefined {
  const view = now.situation.cluster.nodes.find(({ spec }) => spec.id === move.node);
  if (view === undefined) return `${move.node} is not in the hosts file any more`;
  return view.state === "up" ? objectionOn(view, move, now) : `${move.node} is ${view.state}`;
}

function objectionOn(view: NodeView, move: Move, now: Now): string | undefined {
  switch (move.kind) {
    case "cordon":
      return closedWords(view) ?? (isHot(move, now) ? undefined : `${move.node} is not hot any more`);
    case "uncordon":
      return isClosedByUs(view) ? undefined : `${move.node} is not cordoned by ${REBALANCING} any more`;
    case "warm-hub":
      return closedWords(view);
    case "stop-hub":
      return inUse(move, now);
    case "stop-server":
      return stopObjection(move, view, now);
  }
}

function closedWords({ spec, closure }: NodeView): string | undefined {
  return closure && `${spec.id} is ${closure.words}`;
}

function isHot({ node }: Move, { nodes }: Now): boolean {
  return nodes.find((use) => use.node === node)?.standing === "hot";
}

function inUse({ node }: Move, { situation }: Now): string | undefined {
  const running = situation.servers.filter((server) => server.node === node).length;
  if (running === 0) return undefined;
  return `${count(running, "server")} ${running === 1 ? "runs" : "run"} on ${node}`;
}

function stopObjection(move: StopMove, view: NodeView, now: Now): string | undefined {
  const server = now.situation.servers.find((each) => isSame(each, move));
  if (server === undefined) return "it does not run there any more";
  const idle = judge(server, now.situation, now.policy);
  if (idle.kind !== "idle") return idle.why;
  const laterMs = idle.sinceMs - move.idleSinceMs;
  if (laterMs > SAME_MOMENT_MS) return `it was used again, ${span(laterMs)} later`;
  if (idle.ignoresTabs && !move.ignoresTabs) return "it is open in a browser again";
  return purposeGone(move, server, view, now);
}

/** The reason there was to stop it, and no longer is. */
function purposeGone(move: StopMove, server: RunningServer, view: NodeView, now: Now): string | undefined {
  const { situation, policy } = now;
  switch (move.why) {
    case "hot-node":
      return isHot(move, now) ? undefined : `${move.node} is not hot any more`;
    case "draining-node":
      return view.closure?.state === "draining" ? undefined : `${move.node} is not draining any more`;
    case "duplicate": {
      const others = situation.servers.filter((each) => each !== server && isOfKey(each, move));
      const isThere = others.some(({ node }) => stateOf(node, situation) === "up");
      return isThere ? undefined : "its owner has no other server of this name within reach any more";
    }
    case "idle-too-long":
      return policy.idle.cullAfterMs === undefined ? "idle servers are kept now" : undefined;
  }
}

function stateOf(node: NodeId, { cluster }: Situation): NodeView["state"] | undefined {
  return cluster.nodes.find(({ spec }) => spec.id === node)?.state;
}

function isSame(server: RunningServer, move: StopMove): boolean {
  const isThere = isOfKey(server, move) && server.node === move.node;
  return isThere && server.process !== undefined && isSameProcess(server.process, move.process);
}

function isOfKey(server: RunningServer, move: StopMove): boolean {
  return keyText(server.key) === keyText(move.key);
}
