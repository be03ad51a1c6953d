import { within } from "../deadline.ts";
import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import type { Clock, NodeAgent } from "../ports.ts";
import { type NodeFacts, parseNodeFacts } from "./decide/node-facts.ts";

/** What one node told, between two moments of the router's clock, or why it did not. */
export type NodeAnswer =
  | {
      readonly node: NodeId;
      readonly facts: NodeFacts;
      readonly askedAtMs: number;
      readonly answeredAtMs: number;
      readonly failure?: undefined;
    }
  | { readonly node: NodeId; readonly failure: AppError };

export interface NodeSurveyDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly clock: Clock;
  /** Makes sure that there is a connection: the time that takes says nothing of the node's clock. */
  readonly connect: (node: NodeId, signal: AbortSignal) => Promise<unknown>;
  readonly inputFor: (node: NodeId) => object;
  /** Called as each node is done. */
  readonly onDone: (answer: NodeAnswer) => void;
}

/** Asks every node, some at a time, each with a deadline of its own. In the order of `nodes`; never throws. */
export async function surveyNodes(
  nodes: readonly NodeId[],
  { agent, clock, connect, inputFor, onDone }: NodeSurveyDeps,
  { atOnce, nodeMs }: { readonly atOnce: number; readonly nodeMs: number },
): Promise<readonly NodeAnswer[]> {
  const answers = new Map<NodeId, NodeAnswer>();
  const waiting = [...nodes];
  const { signal } = new AbortController();

  async function ask(node: NodeId): Promise<NodeAnswer> {
    const limits = { signal, deadline: clock.deadline(nodeMs), late: () => tooLate(node, nodeMs) };
    try {
      return await within(limits, async (until) => {
        await connect(node, until);
        const askedAtMs = clock.now();
        const facts = factsOf(node, await agent.call(node, "check", inputFor(node), until));
        return { node, facts, askedAtMs, answeredAtMs: clock.now() };
      });
    } catch (err) {
      return { node, failure: err instanceof AppError ? err : unexpected(node, err) };
    }
  }

  async function worker(): Promise<void> {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      const answer = await ask(node);
      answers.set(node, answer);
      onDone(answer);
    }
  }

  await Promise.all(Array.from({ length: Math.min(atOnce, nodes.length) }, worker));
  return nodes.flatMap((node) => answers.get(node) ?? []);
}

function factsOf(node: NodeId, answer: unknown): NodeFacts {
  const facts = parseNodeFacts(answer);
  if (typeof facts !== "string") return facts;
  const remedy = `multijhub provision ${node}`;
  throw new AppError("AGENT_ANSWER", `the agent on ${node} answered what this router cannot read: ${facts}`, {
    remedy,
  });
}

function tooLate(node: NodeId, nodeMs: number): AppError {
  const remedy = `look at the load of ${node}, at its sshd and at its home directories`;
  return new AppError("NODE_TIMEOUT", `${node} did not answer within ${nodeMs / 1000} s`, { remedy });
}

function unexpected(node: NodeId, err: unknown): AppError {
  const message = err instanceof Error ? err.message : String(err);
  return new AppError("AGENT_ANSWER", `${node} could not be checked: ${message}`, { cause: err });
}
