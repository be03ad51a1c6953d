import { z } from "zod";
import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, Log, NodeAgent } from "../../ports.ts";
import type { NodeEvents } from "../cluster/cluster.ts";
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
  readonly events: Pick<NodeEvents, "hub">;
  readonly clock: Clock;
  readonly log: Log;
}

export interface HubStarter {
  /**
   * Has the agent start the hub, or make it run with today's settings; resolves, with its version, when it answers. One
   * that runs and does not answer is left to itself, unless it is said to hang.
   */
  startHub(node: NodeId, signal: AbortSignal, isHung?: boolean): Promise<string | undefined>;
  /** Whether the hub runs with today's settings, as far as this router has told them. */
  readonly isTold: (node: NodeId) => boolean;
}

export function createHubStarter(deps: HubStarterDeps, pollMs: number): HubStarter {
  const { agent, health, settingsOf, ports, tell, events, clock, log } = deps;
  const told = new Map<NodeId, string>();

  return {
    async startHub(node, signal, isHung = false) {
      const settings = settingsOf(node);
      tell(node, `starting JupyterHub on ${node}`);
      events.hub(node, { kind: "starting" });
      const startedAtMs = clock.now();
      // What is other in hub.d or in JupyterHub is no reason to restart a hub under those who come: see hub-rollout.ts.
      const order = { ...settings, leaveOutdated: true, restartHung: isHung };
      const answer = await agent.call(node, "start-hub", order, signal, (text) => {
        tell(node, text);
      });
      // Between the agent's last look and ours somebody may have taken the place of a hub that crashed.
      if ((await ports.whoListens(node, settings.ports, signal)) !== "hub") throw vanished(node);
      while (!(await health.isHealthy(node, signal))) await clock.sleep(pollMs, signal);
      told.set(node, JSON.stringify(settings));
      log.info({ node, tookMs: clock.now() - startedAtMs }, "hub ready");
      return startAnswer.safeParse(answer).data?.version;
    },
    isTold: (node) => told.get(node) === JSON.stringify(settingsOf(node)),
  };
}

/** What of the agent's answer to a start is shown. */
const startAnswer = z.object({ version: z.string() });

function vanished(node: NodeId): AppError {
  return new AppError("HUB_NOT_HEALTHY", `JupyterHub on ${node} started and is gone again`, {
    node,
    remedy: `Look at its log: run \`multijhub-agent status\` on ${node}.`,
  });
}
