import { AppError } from "../errors.ts";
import { createSharedWork } from "../lifecycle.ts";
import type { NodeId } from "../model.ts";
import type { Clock, HubKeeper, HubWatch, Log, NodeAgent, Service } from "../ports.ts";
import { createAudiences } from "./audiences.ts";
import type { HubSettings } from "./decide/hub-settings.ts";
import { createHubStarter, type HubHealth } from "./hub-starter.ts";
import { createHubTrust } from "./hub-trust.ts";
import { createPortCheck } from "./port-check.ts";

export interface HubKeeperDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly health: HubHealth;
  /** Throws NODE_UNKNOWN for a node that is not in the hosts file. */
  readonly settingsOf: (node: NodeId) => HubSettings;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HubKeeperOptions {
  /** How long a hub that was found ready is taken for ready, unless something makes it suspect. */
  readonly trustMs: number;
  readonly pollMs: number;
  /** Beyond the agent's own deadline for the start. */
  readonly graceMs: number;
  /** How long looking at a hub may take. */
  readonly lookMs: number;
}

/**
 * Keeps hubs running. A hub counts as ready only after the node's agent has said that the hub's account owns its
 * ports, and this is asked again after every suspicion: a lost connection, an error of its proxy, a failed call.
 */
export function createHubKeeper(
  deps: HubKeeperDeps,
  options: HubKeeperOptions,
): HubKeeper & HubWatch & Pick<Service, "stop"> {
  const { health, settingsOf, clock, log } = deps;
  const ports = createPortCheck(deps.agent, log);
  const trust = createHubTrust(clock, options.trustMs);
  const audiences = createAudiences<NodeId>();
  const starter = createHubStarter({ ...deps, ports, tell: audiences.tell }, options.pollMs);
  const starts = createSharedWork(start);
  const looks = createSharedWork(lookNow);

  async function ensureReady(node: NodeId, onProgress: (text: string) => void, signal: AbortSignal) {
    signal.throwIfAborted();
    if (trust.isTrusted(node) && starter.isTold(node)) return;
    const leave = audiences.enter(node, onProgress);
    await starts.join(node, signal).finally(leave);
  }

  async function start(node: NodeId, stopping: AbortSignal): Promise<void> {
    const deadlineMs = settingsOf(node).startTimeoutMs + options.graceMs;
    const deadline = clock.deadline(deadlineMs);
    try {
      await bringUp(node, AbortSignal.any([stopping, deadline]));
    } catch (err) {
      throw deadline.aborted ? tooLate(node, deadlineMs, err) : err;
    } finally {
      audiences.end(node);
    }
  }

  async function bringUp(node: NodeId, signal: AbortSignal): Promise<void> {
    for (;;) {
      const suspicions = trust.suspicionsOf(node);
      audiences.tell(node, `looking at the hub on ${node}`);
      if (!((await isUp(node, signal)) && starter.isTold(node))) await starter.startHub(node, signal);
      if (trust.grant(node, suspicions)) return;
    }
  }

  async function lookNow(node: NodeId, stopping: AbortSignal): Promise<"ready" | "absent"> {
    const deadline = clock.deadline(options.lookMs);
    const suspicions = trust.suspicionsOf(node);
    try {
      const isReady = await isUp(node, AbortSignal.any([stopping, deadline]));
      return isReady && trust.grant(node, suspicions) ? "ready" : "absent";
    } catch (err) {
      throw deadline.aborted ? silent(node, options.lookMs, err) : err;
    }
  }

  /** Asks who listens before anything of ours goes to the port. */
  async function isUp(node: NodeId, signal: AbortSignal): Promise<boolean> {
    const behind = await ports.whoListens(node, settingsOf(node).ports, signal);
    return behind === "hub" && (await health.isHealthy(node, signal));
  }

  return {
    ensureReady,
    look: async (node, signal) => (trust.isTrusted(node) ? "ready" : looks.join(node, signal)),
    suspect: trust.suspect,
    async stop() {
      await Promise.all([starts.stop(), looks.stop()]);
    },
  };
}

function tooLate(node: NodeId, deadlineMs: number, cause: unknown): AppError {
  return new AppError(
    "HUB_NOT_HEALTHY",
    `JupyterHub on ${node} was not ready within ${Math.round(deadlineMs / 1000)} s`,
    {
      node,
      cause,
      remedy: `Look at its log: run \`multijhub-agent status\` on ${node}.`,
    },
  );
}

function silent(node: NodeId, lookMs: number, cause: unknown): AppError {
  return new AppError("NODE_TIMEOUT", `${node} did not say within ${lookMs / 1000} s who listens there`, {
    node,
    cause,
    remedy: `Look whether ${node} is overloaded.`,
  });
}
