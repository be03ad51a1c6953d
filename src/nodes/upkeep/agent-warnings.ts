import { createLoop, createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, Log, NodeAgent, Service } from "../../ports.ts";
import type { NodeEvents } from "../cluster/cluster.ts";
import { parseWarnings } from "./decide/agent-warnings.ts";
import type { HubSettings } from "../hubs/decide/hub-settings.ts";
import { fitnessOf } from "./decide/node-fitness.ts";

export interface AgentWarningsDeps {
  readonly agent: Pick<NodeAgent, "call">;
  /** What the hub would be started with: the agent warns of that. */
  readonly settingsOf: (node: NodeId) => Pick<HubSettings, "jupyterhub" | "proxyCommand" | "ports">;
  /** The nodes that can be asked now. */
  readonly nodes: () => readonly NodeId[];
  /** Hears whether a node can run a hub at all. */
  readonly events: Pick<NodeEvents, "hub">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AgentWarningsOptions {
  readonly everyMs: number;
  readonly againMs: number;
  readonly unfitAgainMs: number;
  /** How long one node may take. */
  readonly nodeMs: number;
}

export interface AgentWarnings extends Service {
  /** What is wrong with a node although it works, in words for a person. */
  of(node: NodeId): readonly string[];
}

/**
 * Asks nodes from time to time what an admin should know of them: an old JupyterHub, ports that users could take; and
 * sooner again those that cannot run a hub as they are.
 */
export function createAgentWarnings(
  { agent, settingsOf, nodes, events, clock, log }: AgentWarningsDeps,
  { everyMs, againMs, unfitAgainMs, nodeMs }: AgentWarningsOptions,
): AgentWarnings {
  const answers = new Map<NodeId, { readonly warnings: readonly string[]; readonly dueMs: number }>();
  const asking = createSharedWork(ask);
  const loop = createLoop("agent warnings", everyMs, round, { clock, log });

  function round(signal: AbortSignal): Promise<void> {
    const known = nodes();
    for (const node of answers.keys()) if (!known.includes(node)) answers.delete(node);
    for (const node of known.filter(isDue)) asking.join(node, signal).catch(() => undefined);
    return Promise.resolve();
  }

  function isDue(node: NodeId): boolean {
    return (answers.get(node)?.dueMs ?? -Infinity) <= clock.now();
  }

  async function ask(node: NodeId, stopping: AbortSignal): Promise<void> {
    const { jupyterhub, proxyCommand, ports } = settingsOf(node);
    const signal = AbortSignal.any([stopping, clock.deadline(nodeMs)]);
    try {
      const facts = await agent.call(node, "facts", { jupyterhub, proxyCommand, ports }, signal);
      const fitness = fitnessOf(facts);
      const restMs = fitness?.kind === "failed" ? unfitAgainMs : againMs;
      answers.set(node, { warnings: parseWarnings(facts) ?? [], dueMs: clock.now() + restMs });
      if (fitness !== undefined) events.hub(node, fitness);
    } catch (err) {
      stopping.throwIfAborted();
      log.debug({ err, node }, "node did not tell its facts");
    }
  }

  return {
    of: (node) => answers.get(node)?.warnings ?? [],
    start: () => loop.start(),
    async stop() {
      await Promise.all([asking.stop(), loop.stop()]);
    },
  };
}
