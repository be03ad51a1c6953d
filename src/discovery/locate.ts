import type { Location, NodeId, ServerKey } from "../model.ts";
import type { Accounts, Clock, Locator } from "../ports.ts";
import { locate, matches, type Memory, type Question } from "./decide/locate.ts";
import { createClaimCheck } from "./claim-check.ts";
import { ageReport, type Report } from "./decide/report.ts";
import type { LastSeen } from "./last-seen.ts";
import type { Survey } from "./survey.ts";

export interface LocatorDeps {
  readonly survey: Pick<Survey, "nodes" | "reports" | "refresh">;
  readonly lastSeen: Pick<LastSeen, "recall">;
  readonly accounts: Accounts;
  /** The node a start was assigned to lately, by any router. */
  readonly assigned: (key: ServerKey) => Promise<NodeId | undefined>;
  readonly clock: Clock;
}

export interface LocatorOptions {
  /** A node whose answer is older is asked again. */
  readonly freshMs: number;
  /** A node whose answer is older, although it was asked again, counts as silent. */
  readonly staleMs: number;
  /** How long asking may take in all. */
  readonly lookMs: number;
}

/** Finds servers by what the nodes answer now: first where they are likely, and everywhere before it says none. */
export function createLocator(deps: LocatorDeps, options: LocatorOptions): Locator {
  const { survey, lastSeen, assigned, clock } = deps;
  const { confirm } = createClaimCheck(deps);

  async function find(question: Question, memory: Memory, caller: AbortSignal): Promise<Location> {
    const signal = AbortSignal.any([caller, clock.deadline(options.lookMs)]);
    const nodes = survey.nodes();
    const likely = nodes.filter((node) => memory.mentioned.has(node) || wasSeen(node, question));
    if (likely.length > 0) {
      const location = await lookAt(likely, nodes, question, memory, signal);
      if (location.kind === "found" && likely.includes(location.sighting.node)) return location;
    }
    const location = await lookAt(nodes, nodes, question, memory, signal);
    caller.throwIfAborted();
    return location;
  }

  async function lookAt(
    asked: readonly NodeId[],
    nodes: readonly NodeId[],
    question: Question,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<Location> {
    await survey.refresh(asked, options.freshMs, signal);
    const nowMs = clock.now();
    const reports = new Map<NodeId, Report>();
    for (const [node, report] of survey.reports()) {
      reports.set(node, await confirm(node, ageReport(report, nowMs, options.staleMs), question, signal));
    }
    return locate(nodes, reports, question, memory);
  }

  function wasSeen(node: NodeId, question: Question): boolean {
    const report = survey.reports().get(node);
    const answer = report?.kind === "silent" ? report.last : report;
    return answer?.servers.some(matches(question)) ?? false;
  }

  return {
    async locate(key, signal) {
      const memory = await lastSeen.recall(key);
      const node = await assigned(key);
      const mentioned = new Set([...memory.mentioned, ...(node === undefined ? [] : [node])]);
      return find(key, { ...memory, mentioned }, signal);
    },
    async locateAll(user, signal) {
      return find({ user }, await lastSeen.recall({ user }), signal);
    },
  };
}
