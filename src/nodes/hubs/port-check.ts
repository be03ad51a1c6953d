import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Log, NodeAgent } from "../../ports.ts";
import { readListeners } from "./decide/hub-listeners.ts";
import type { HubPorts } from "./decide/hub-settings.ts";

export interface PortCheck {
  /** "nobody" when a port is free. Throws LISTENER_NOT_HUB, which is an incident: nothing of ours may go there. */
  whoListens(node: NodeId, ports: HubPorts, signal: AbortSignal): Promise<"hub" | "nobody">;
}

/** Asks a node's agent which account listens on the hub's ports. */
export function createPortCheck(agent: Pick<NodeAgent, "call">, log: Log): PortCheck {
  const incidents = new Map<NodeId, string>();

  return {
    async whoListens(node, ports, signal) {
      const asked = [ports.proxy, ports.hub, ports.api];
      const behind = readListeners(await agent.call(node, "listeners", { ports: asked }, signal), ports);
      if (behind === undefined)
        throw new AppError("AGENT_ANSWER", `${node} did not say who listens`, { node });
      if (behind.kind !== "stranger") {
        incidents.delete(node);
        return behind.kind;
      }
      const { port, uid, words } = behind;
      // Thrown to whoever asked, and logged as well, once: a user sees the page, an administrator must act.
      if (incidents.get(node) !== words) log.error({ node, port, uid }, "stranger on a port of the hub");
      incidents.set(node, words);
      throw new AppError("LISTENER_NOT_HUB", `on ${node}, ${words}, not to the hub`, {
        node,
        port,
        uid,
        remedy: `An administrator should find out why, end that process on ${node}, and keep the hub's ports below 1024.`,
      });
    },
  };
}
