import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import type { Clock, Log, NodeAgent } from "../ports.ts";
import type { HubSettings } from "./decide/hub-settings.ts";
import type { PortCheck } from "./port-check.ts";

/** Whether a hub answers. False while it cannot be asked; throws only why its node cannot be reached. */
export interface HubHealth {
  isHealthy(node: NodeId, signal: AbortSignal): Promise<boolean>;
}

export interface HubStarterDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly health: HubHealth;
  readonly settingsOf: (node: NodeId) => HubSettings;
  readonly ports: PortCheck;
  readonly tell: (node: NodeId, text: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HubStarter {
  /** Has the agent start the hub, or make it run with today's settings; resolves when it answers. */
  startHub(node: NodeId, signal: AbortSignal): Promise<void>;
  /** Whether the hub runs with today's settings, as far as this router has told them. */
  isTold(node: NodeId): boolean;
}

export function createHubStarter(deps: HubStarterDeps, pollMs: number): HubStarter {
  const { agent, health, settingsOf, ports, tell, clock, log } = deps;
  const told = new Map<NodeId, string>();

  return {
    async startHub(node, signal) {
      const settings = settingsOf(node);
      tell(node, `starting JupyterHub on ${node}`);
      const startedAtMs = clock.now();
      await agent.call(node, "start-hub", settings, signal, (text) => {
        tell(node, text);
      });
      // Between the agent's last look and ours somebody may have taken the place of a hub that crashed.
      if ((await ports.whoListens(node, settings.ports, signal)) !== "hub") throw vanished(node);
      while (!(await health.isHealthy(node, signal))) await clock.sleep(pollMs, signal);
      told.set(node, JSON.stringify(settings));
      log.info({ node, tookMs: clock.now() - startedAtMs }, "hub ready");
    },
    isTold: (node) => told.get(node) === JSON.stringify(settingsOf(node)),
  };
}

function vanished(node: NodeId): AppError {
  return new AppError("HUB_NOT_HEALTHY", `JupyterHub on ${node} started and is gone again`, {
    node,
    remedy: `Look at its log: run \`multijhub-agent status\` on ${node}.`,
  });
}
