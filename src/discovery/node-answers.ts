import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import type { HubApi, HubWatch, NodeAgent } from "../ports.ts";
import { parseProcessList, type ProcessList } from "./decide/process-list.ts";
import type { Said } from "./decide/report.ts";

export interface NodeAnswersDeps {
  readonly hubApi: Pick<HubApi, "listServers">;
  readonly watch: HubWatch;
  readonly agent: Pick<NodeAgent, "call">;
}

/** The servers of a node by its hub; by its process table while the hub is away. */
export async function askNode(
  { hubApi, watch, agent }: NodeAnswersDeps,
  node: NodeId,
  signal: AbortSignal,
): Promise<Said> {
  if ((await watch.look(node, signal)) !== "ready") {
    const list = await askProcesses({ agent }, node, signal);
    return { ...list, processes: list.servers };
  }
  try {
    const servers = await hubApi.listServers(node, signal);
    return { servers: servers.map((server) => ({ ...server, evidence: "hub-list" })) };
  } catch (err) {
    watch.suspect(node);
    throw err;
  }
}

/** The processes of a node that call themselves servers. */
export async function askProcesses(
  { agent }: Pick<NodeAnswersDeps, "agent">,
  node: NodeId,
  signal: AbortSignal,
): Promise<ProcessList> {
  const processes = parseProcessList(await agent.call(node, "servers", {}, signal), node);
  if (processes !== undefined) return processes;
  throw new AppError("AGENT_ANSWER", `${node} did not list its servers`, { node });
}
