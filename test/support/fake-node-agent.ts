import { AppError } from "../../src/errors.ts";
import type { NodeId } from "../../src/model.ts";
import type { AgentVerb, NodeAgent } from "../../src/ports.ts";

export interface FakeAgentCall {
  readonly node: NodeId;
  readonly verb: AgentVerb;
  readonly input: object;
}

/** What a fake agent does for a verb: the value it returns is the result, what it throws the failure. */
type FakeAgentVerb = (call: FakeAgentCall, reach: FakeAgentReach) => unknown;

export interface FakeAgentReach {
  readonly signal: AbortSignal;
  /** A progress line, or in a stream an item. */
  readonly emit: (value: unknown) => void;
}

export interface FakeNodeAgent extends NodeAgent {
  /** Every call so far, in order. */
  readonly calls: readonly FakeAgentCall[];
  /** What the verb does from now on, on every node. */
  on(verb: AgentVerb, act: FakeAgentVerb): void;
  /** From now on the node cannot be reached; its running calls and streams are rejected. `undefined` heals it. */
  cutOff(node: NodeId, cause: AppError | undefined): void;
}

/** An agent without SSH. A verb nobody described is AGENT_MISSING. */
export function createFakeNodeAgent(): FakeNodeAgent {
  const calls: FakeAgentCall[] = [];
  const acts = new Map<AgentVerb, FakeAgentVerb>();
  const outages = new Map<NodeId, AppError>();
  const running = new Set<{ node: NodeId; fail: (err: Error) => void }>();

  async function run(
    call: FakeAgentCall,
    signal: AbortSignal,
    emit: (value: unknown) => void,
  ): Promise<unknown> {
    signal.throwIfAborted();
    calls.push(call);
    const outage = outages.get(call.node);
    if (outage) throw outage;
    const act = acts.get(call.verb);
    if (!act) throw new AppError("AGENT_MISSING", `the agent is not installed on ${call.node}`);
    return new Promise((resolve, reject) => {
      const entry = { node: call.node, fail: reject };
      running.add(entry);
      signal.addEventListener(
        "abort",
        () => {
          reject(signal.reason as Error);
        },
        { once: true },
      );
      Promise.resolve()
        .then(() => act(call, { signal, emit }))
        .then(resolve, reject)
        .finally(() => running.delete(entry));
    });
  }

  return {
    calls,
    on(verb, act) {
      acts.set(verb, act);
    },
    cutOff(node, cause) {
      if (cause === undefined) {
        outages.delete(node);
        return;
      }
      outages.set(node, cause);
      for (const entry of running) if (entry.node === node) entry.fail(cause);
    },
    call: (node, verb, input, signal, onProgress) =>
      run({ node, verb, input }, signal, (value) => {
        onProgress?.(String(value));
      }),
    async stream(node, verb, input, onItem, signal) {
      await run({ node, verb, input }, signal, onItem);
    },
  };
}
