import type { LostServers, NodeAgent } from "../../ports.ts";

/** Ends servers by the agent of their node: it looks that the process is the one that was meant. */
export function createLostServers({ agent }: { readonly agent: Pick<NodeAgent, "call"> }): LostServers {
  return {
    async stop(node, { user, server }, process, signal) {
      await agent.call(node, "stop-server", { user, server, ...process }, signal);
    },
  };
}
