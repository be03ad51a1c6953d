import { createSharedWork } from "../../lifecycle.ts";
import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Audit, Clock, Log } from "../../ports.ts";

export interface AgentInstallsDeps {
  /** Puts the agent on a node. */
  readonly install: (node: NodeId, signal: AbortSignal) => Promise<unknown>;
  /** It is there now. */
  readonly onInstalled: (node: NodeId) => void;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

/** Provisions nodes that have no agent yet, as far as the router's key may do that. */
export interface AgentInstalls {
  /** A node failed for this cause. Only a missing agent is installed: one of another version may be another router's. */
  heed(node: NodeId, cause: unknown): void;
  stop(): Promise<void>;
}

export function createAgentInstalls(
  { install, onInstalled, audit, clock, log }: AgentInstallsDeps,
  { againMs }: { readonly againMs: number },
): AgentInstalls {
  const triedAtMs = new Map<NodeId, number>();
  const installs = createSharedWork(tryToInstall);
  const { signal } = new AbortController();

  async function tryToInstall(node: NodeId, stopping: AbortSignal): Promise<void> {
    triedAtMs.set(node, clock.now());
    try {
      await install(node, stopping);
      triedAtMs.delete(node);
      await audit.note({ audit: "provision", by: "router", node }, "agent installed on a node that had none");
      onInstalled(node);
    } catch (err) {
      stopping.throwIfAborted();
      log.warn({ err, node }, "agent not installed: run `multijhub provision` with a key that may");
    }
  }

  return {
    heed(node, cause) {
      const isMissing = cause instanceof AppError && cause.code === "AGENT_MISSING";
      if (!isMissing || clock.now() - (triedAtMs.get(node) ?? -Infinity) < againMs) return;
      installs.join(node, signal).catch(() => undefined);
    },
    stop: () => installs.stop(),
  };
}
