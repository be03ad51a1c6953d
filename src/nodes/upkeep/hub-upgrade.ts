import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { NodeAgent } from "../../ports.ts";
import { provisionRemedy } from "../ssh/decide/agent-answer.ts";
import type { HubSettings } from "../hubs/decide/hub-settings.ts";
import { type HubComparison, parseComparison, parseStarted } from "./decide/rollout.ts";

export interface HubUpgradeDeps {
  readonly agent: Pick<NodeAgent, "call">;
  /** Throws NODE_UNKNOWN. */
  readonly settingsOf: (node: NodeId) => HubSettings;
}

/** Has hubs that run as they were started once run as they would be started now. */
export interface HubUpgrade {
  compare(node: NodeId, signal: AbortSignal): Promise<HubComparison>;
  /**
   * Starts the hub anew; its servers go on. Resolves with its JupyterHub's version when it answers. HUB_IN_USE while a
   * server is being started there: nothing was done. HUB_NOT_HEALTHY says also what was brought back.
   */
  roll(node: NodeId, onProgress: (text: string) => void, signal: AbortSignal): Promise<string | undefined>;
}

export function createHubUpgrade({ agent, settingsOf }: HubUpgradeDeps): HubUpgrade {
  return {
    async compare(node, signal) {
      const comparison = parseComparison(await agent.call(node, "compare-hub", settingsOf(node), signal));
      if (comparison !== undefined) return comparison;
      throw new AppError("AGENT_ANSWER", `${node} did not compare its hub`, {
        node,
        remedy: provisionRemedy(node),
      });
    },
    async roll(node, onProgress, signal) {
      const order = { ...settingsOf(node), whenSafe: true };
      return parseStarted(await agent.call(node, "start-hub", order, signal, onProgress));
    },
  };
}
