import { createSharedWork } from "../lifecycle.ts";
import type { NodeId } from "../model.ts";
import type { Clock, Log, NodeAgent } from "../ports.ts";
import { isOf, type Report, type Seen } from "./decide/report.ts";
import { fanOut } from "./fan-out.ts";
import { askProcesses } from "./node-answers.ts";

export interface ProcessSearchDeps {
  readonly agent: Pick<NodeAgent, "call">;
  readonly reports: Map<NodeId, Report>;
  /** Asks the node's hub; its answer is in `reports` then. */
  readonly refresh: (node: NodeId, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Adds the process table to what hubs list. The hub is asked between two looks at the processes: so one that has just
 * been started, or has just ended, is not taken for one that its hub has lost.
 */
export function createProcessSearch(
  { agent, reports, refresh, clock, log }: ProcessSearchDeps,
  { nodeMs, fanOut: cap }: { readonly nodeMs: number; readonly fanOut: number },
) {
  const searching = createSharedWork(search);

  async function search(node: NodeId, stopping: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopping, clock.deadline(nodeMs)]);
    try {
      const before = await askProcesses({ agent }, node, signal);
      await refresh(node, signal);
      const report = reports.get(node);
      if (report?.kind !== "answered" || report.processes !== undefined) return;
      const processes = await confirm(before.servers, report.servers, node, signal);
      const host = before.host !== undefined && { host: before.host };
      if (reports.get(node) === report) reports.set(node, { ...report, processes, ...host });
    } catch (err) {
      stopping.throwIfAborted();
      // The report stays without processes, which says it all to whoever decides.
      log.debug({ err, node }, "node does not show its processes");
    }
  }

  async function confirm(
    before: readonly Seen[],
    listed: readonly Seen[],
    node: NodeId,
    signal: AbortSignal,
  ): Promise<readonly Seen[]> {
    if (before.every(({ key }) => listed.some(isOf(key)))) return before;
    const after = await askProcesses({ agent }, node, signal);
    return before.filter(({ key }) => after.servers.some(isOf(key)));
  }

  return {
    /** Resolves when all of the nodes are through, or on abort. */
    search: (nodes: readonly NodeId[], signal: AbortSignal) =>
      fanOut(nodes, cap, (node) => searching.join(node, signal)),
    stop: () => searching.stop(),
  };
}
