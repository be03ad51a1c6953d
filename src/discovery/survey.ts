import { AppError } from "../errors.ts";
import { createLoop, createSharedWork } from "../lifecycle.ts";
import type { NodeId } from "../model.ts";
import type { Clock, HubApi, HubWatch, Log, NodeAgent, Service } from "../ports.ts";
import { parseProcessList } from "./decide/process-list.ts";
import { fallSilent, type Report, type Seen } from "./decide/report.ts";
import { fanOut } from "./fan-out.ts";

export interface SurveyDeps {
  readonly hubApi: Pick<HubApi, "listServers">;
  readonly watch: HubWatch;
  readonly agent: Pick<NodeAgent, "call">;
  /** The nodes that may hold servers: those of the hosts file. */
  readonly nodes: () => readonly NodeId[];
  /** Told after every round. */
  readonly onRound?: (reports: ReadonlyMap<NodeId, Report>) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SurveyOptions {
  readonly everyMs: number;
  /** How long one node may take to answer. */
  readonly nodeMs: number;
  readonly fanOut: number;
}

export interface Survey extends Service {
  /** The nodes that can be asked now. */
  nodes(): readonly NodeId[];
  /** The last word of and about every node. */
  reports(): ReadonlyMap<NodeId, Report>;
  /** Asks those of the nodes whose answer is older than `maxAgeMs`; resolves when all are through, or on abort. */
  refresh(nodes: readonly NodeId[], maxAgeMs: number, signal: AbortSignal): Promise<void>;
}

/**
 * Asks every hub for its list, once a period for everybody. Where the hub is away, the node's process table is asked
 * instead: servers outlive their hub. A node that does not answer keeps its last word and is named silent.
 */
export function createSurvey(deps: SurveyDeps, options: SurveyOptions): Survey {
  const { clock, log } = deps;
  const reports = new Map<NodeId, Report>();
  const asking = createSharedWork(ask);
  const loop = createLoop("survey", options.everyMs, round, { clock, log });

  async function ask(node: NodeId, stopping: AbortSignal): Promise<void> {
    const deadline = clock.deadline(options.nodeMs);
    const before = reports.get(node);
    try {
      const servers = await readServers(deps, node, AbortSignal.any([stopping, deadline]));
      reports.set(node, { kind: "answered", servers, atMs: clock.now() });
      if (before?.kind === "silent") log.info({ node }, "node answers the survey again");
    } catch (err) {
      stopping.throwIfAborted();
      const reason = deadline.aborted ? `no answer within ${options.nodeMs / 1000} s` : messageOf(err);
      reports.set(node, fallSilent(before, reason, clock.now()));
      if (before?.kind !== "silent") log.warn({ err, node }, "node does not answer the survey");
    }
  }

  async function refresh(nodes: readonly NodeId[], maxAgeMs: number, signal: AbortSignal): Promise<void> {
    const oldestMs = clock.now() - maxAgeMs;
    const due = nodes.filter((node) => (reports.get(node)?.atMs ?? -Infinity) < oldestMs);
    await fanOut(due, options.fanOut, (node) => asking.join(node, signal));
  }

  async function round(signal: AbortSignal): Promise<void> {
    const nodes = deps.nodes();
    for (const node of reports.keys()) if (!nodes.includes(node)) reports.delete(node);
    // A slow node delays nobody else's next turn: its question goes on, and the next round joins it.
    await refresh(nodes, 0, AbortSignal.any([signal, clock.deadline(options.everyMs / 2)]));
    signal.throwIfAborted();
    await deps.onRound?.(reports);
  }

  return {
    nodes: () => deps.nodes(),
    reports: () => reports,
    refresh,
    start: () => loop.start(),
    async stop() {
      await Promise.all([asking.stop(), loop.stop()]);
    },
  };
}

async function readServers(
  { hubApi, watch, agent }: SurveyDeps,
  node: NodeId,
  signal: AbortSignal,
): Promise<readonly Seen[]> {
  if ((await watch.look(node, signal)) === "absent") {
    const processes = parseProcessList(await agent.call(node, "servers", {}, signal), node);
    if (processes === undefined)
      throw new AppError("AGENT_ANSWER", `${node} did not list its servers`, { node });
    return processes;
  }
  try {
    const servers = await hubApi.listServers(node, signal);
    return servers.map((server) => ({ ...server, evidence: "hub-list" }));
  } catch (err) {
    watch.suspect(node);
    throw err;
  }
}

function messageOf(err: unknown): string {
  return err instanceof AppError ? err.message : "an unexpected error, which is in the router's log";
}
