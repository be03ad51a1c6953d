import { AppError } from "../errors.ts";
import { createLoop, createSharedWork } from "../lifecycle.ts";
import type { NodeId } from "../model.ts";
import type { Clock, Log, Service } from "../ports.ts";
import { fallSilent, toAnswer, type Report } from "./decide/report.ts";
import { fanOut } from "./fan-out.ts";
import { askNode, type NodeAnswersDeps } from "./node-answers.ts";
import { createProcessSearch } from "./process-search.ts";

export interface SurveyDeps extends NodeAnswersDeps {
  /** The nodes that may hold servers. */
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
  /** Looks at the processes of nodes beside the lists of their hubs, which are asked again. */
  search(nodes: readonly NodeId[], signal: AbortSignal): Promise<void>;
}

/**
 * Asks every hub for its list, once a period for everybody. Where the hub is away, the node's process table is asked
 * instead: servers outlive their hub. A node that does not answer keeps its last word and is named silent.
 */
export function createSurvey(deps: SurveyDeps, options: SurveyOptions): Survey {
  const { clock, log } = deps;
  const reports = new Map<NodeId, Report>();
  const asking = createSharedWork(ask);
  const processes = createProcessSearch(
    { ...deps, reports, refresh: (node, signal) => askSince(clock.now(), node, signal) },
    options,
  );
  const loop = createLoop("survey", options.everyMs, round, { clock, log });

  /** Resolves with when the question was asked. */
  async function ask(node: NodeId, stopping: AbortSignal): Promise<number> {
    const askedAtMs = clock.now();
    const deadline = clock.deadline(options.nodeMs);
    const before = reports.get(node);
    try {
      const said = await askNode(deps, node, AbortSignal.any([stopping, deadline]));
      reports.set(node, toAnswer(before, said, clock.now()));
      if (before?.kind === "silent") log.info({ node }, "node answers the survey again");
    } catch (err) {
      stopping.throwIfAborted();
      const reason = deadline.aborted ? `no answer within ${options.nodeMs / 1000} s` : messageOf(err);
      reports.set(node, fallSilent(before, reason, clock.now()));
      if (before?.kind !== "silent") log.warn({ err, node }, "node does not answer the survey");
    }
    return askedAtMs;
  }

  async function refresh(nodes: readonly NodeId[], maxAgeMs: number, signal: AbortSignal): Promise<void> {
    const oldestMs = clock.now() - maxAgeMs;
    const due = nodes.filter((node) => (reports.get(node)?.atMs ?? -Infinity) <= oldestMs);
    await fanOut(due, options.fanOut, (node) => askSince(oldestMs, node, signal));
  }

  /** A question that was under way may have been answered before what the caller wants to see. */
  async function askSince(sinceMs: number, node: NodeId, signal: AbortSignal): Promise<void> {
    if ((await asking.join(node, signal)) < sinceMs) await asking.join(node, signal);
  }

  async function round(signal: AbortSignal): Promise<void> {
    const nodes = deps.nodes();
    for (const node of reports.keys()) if (!nodes.includes(node)) reports.delete(node);
    // A slow node delays nobody else's next turn: its question goes on, and the next round joins it.
    await refresh(nodes, 0, AbortSignal.any([signal, clock.deadline(options.everyMs / 2)]));
    await processes.search(nodes.filter(misses), signal);
    signal.throwIfAborted();
    await deps.onRound?.(reports);
  }

  /** Whether a server is gone from its hub's list, and only a look at the processes can tell that it has ended. */
  function misses(node: NodeId): boolean {
    const report = reports.get(node);
    return report?.kind === "answered" && report.missed !== undefined && report.processes === undefined;
  }

  return {
    nodes: () => deps.nodes(),
    reports: () => reports,
    refresh,
    search: processes.search,
    start: () => loop.start(),
    async stop() {
      await Promise.all([processes.stop(), asking.stop(), loop.stop()]);
    },
  };
}

function messageOf(err: unknown): string {
  return err instanceof AppError ? err.message : "an unexpected error, which is in the router's log";
}
