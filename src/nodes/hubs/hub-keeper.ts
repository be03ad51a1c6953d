import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import { createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubKeeper, HubWatch, Log, NodeAgent, Service } from "../../ports.ts";
import { createAudiences } from "./audiences.ts";
import type { NodeEvents } from "../cluster/cluster.ts";
import type { HubSettings } from "./decide/hub-settings.ts";
import type { HubGate } from "./hub-gate.ts";
import { createHubLooks } from "./hub-looks.ts";
import { createHubReports } from "./hub-reports.ts";
import { createHubStarter, type HubHealth, type HubStarter } from "./hub-starter.ts";
import { createHubTrust } from "./hub-trust.ts";
import { createPortCheck } from "./port-check.ts";

export interface HubKeeperDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly health: HubHealth;
  /** Throws NODE_UNKNOWN for a node that is not in the hosts file. */
  readonly settingsOf: (node: NodeId) => HubSettings;
  /** Hears how each hub is. */
  readonly events: Pick<NodeEvents, "hub">;
  /** Where those who need a hub wait while it is being stopped. */
  readonly gate: HubGate;
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

export interface HubKeeperService
  extends HubKeeper, HubWatch, Pick<HubStarter, "isTold">, Pick<Service, "stop"> {
  /** Starts a hub anew that runs and has not answered for long, if its node says that this may help; servers go on. */
  restartHung(node: NodeId, signal: AbortSignal): Promise<void>;
}

/**
 * Keeps hubs running. A hub counts as ready only after the node's agent has said that the hub's account owns its
 * ports, and this is asked again after every suspicion: a lost connection, an error of its proxy, a failed call.
 */
export function createHubKeeper(deps: HubKeeperDeps, options: HubKeeperOptions): HubKeeperService {
  const { settingsOf, gate, clock, log } = deps;
  const ports = createPortCheck(deps.agent, log);
  const trust = createHubTrust(clock, options.trustMs);
  const audiences = createAudiences<NodeId>();
  const reports = createHubReports(deps.events);
  const starter = createHubStarter({ ...deps, ports, tell: audiences.tell }, options.pollMs);
  const starts = createSharedWork(start);
  const looks = createHubLooks({ ...deps, ports, trust, reports }, options.lookMs);
  const restarts = createSharedWork(restart);

  async function ensureReady(node: NodeId, onProgress: (text: string) => void, signal: AbortSignal) {
    signal.throwIfAborted();
    const leaveGate = await gate.enter(node, signal);
    const leave = audiences.enter(node, onProgress);
    try {
      if (!(trust.isTrusted(node) && starter.isTold(node))) await starts.join(node, signal);
    } finally {
      leave();
      leaveGate();
    }
  }

  function start(node: NodeId, stopping: AbortSignal): Promise<void> {
    return run(node, stopping, (signal) => bringUp(node, signal));
  }

  function restart(node: NodeId, stopping: AbortSignal): Promise<void> {
    return run(node, stopping, (signal) => starter.startHub(node, signal, true));
  }

  function run(
    node: NodeId,
    stopping: AbortSignal,
    work: (signal: AbortSignal) => Promise<string | undefined>,
  ): Promise<void> {
    const ms = settingsOf(node).startTimeoutMs + options.graceMs;
    const limits = { signal: stopping, deadline: clock.deadline(ms), late: tooLate(node, ms) };
    const started = reports.ofStart(node, () => within(limits, work));
    return started.finally(() => {
      audiences.end(node);
    });
  }

  async function bringUp(node: NodeId, signal: AbortSignal): Promise<string | undefined> {
    let version: string | undefined;
    for (;;) {
      const suspicions = trust.suspicionsOf(node);
      audiences.tell(node, `looking at the hub on ${node}`);
      const isWell = (await looks.ask(node, signal)) === "ready" && starter.isTold(node);
      if (!isWell) version = await starter.startHub(node, signal);
      if (trust.grant(node, suspicions)) return version;
    }
  }

  return {
    ensureReady,
    look: looks.look,
    suspect: trust.suspect,
    restartHung: (node, signal) => restarts.join(node, signal),
    isTold: starter.isTold,
    async stop() {
      await Promise.all([starts.stop(), restarts.stop(), looks.stop()]);
    },
  };
}

function tooLate(node: NodeId, deadlineMs: number): (cause: unknown) => AppError {
  const message = `JupyterHub on ${node} was not ready within ${Math.round(deadlineMs / 1000)} s`;
  const remedy = `Look at its log: run \`multijhub-agent status\` on ${node}.`;
  return (cause) => new AppError("HUB_NOT_HEALTHY", message, { node, cause, remedy });
}
