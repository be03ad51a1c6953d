import type { HomeReading } from "../home-model.ts";
import type { NodeId } from "../model.ts";
import type { Accounts, Clock } from "../ports.ts";
import { createProcessCheck } from "./process-check.ts";
import { nodesToSearch, type Evidence, type Memory } from "./decide/locate.ts";
import type { Question } from "./decide/question.ts";
import { ageReport, lastAnswer, type Report } from "./decide/report.ts";
import { createHomeCheck } from "./home-check.ts";
import type { Survey } from "./survey.ts";

export interface EvidenceDeps {
  readonly survey: Pick<Survey, "nodes" | "reports" | "refresh" | "search">;
  readonly accounts: Accounts;
  readonly clock: Clock;
}

export interface EvidenceOptions {
  /** A node whose answer is older is asked again. */
  readonly freshMs: number;
  /** A node whose answer is older, although it was asked again, counts as silent. */
  readonly staleMs: number;
}

export interface Search {
  readonly question: Question;
  readonly memory: Memory;
  readonly home: HomeReading | undefined;
  /** The nodes whose answers shall be fresh. */
  readonly asked: readonly NodeId[];
}

/** Collects what a decision rests on: fresh answers, and of homes and processes only what is the user's own. */
export function createEvidence(deps: EvidenceDeps, options: EvidenceOptions) {
  const { survey, clock } = deps;
  const processes = createProcessCheck(deps);
  const owners = createHomeCheck(deps);

  function isSearched(node: NodeId): boolean {
    return lastAnswer(survey.reports().get(node))?.processes !== undefined;
  }

  async function confirmedReports(question: Question, signal: AbortSignal): Promise<Evidence["reports"]> {
    const nowMs = clock.now();
    const reports = new Map<NodeId, Report>();
    for (const [node, report] of survey.reports()) {
      const young = ageReport(report, nowMs, options.staleMs);
      reports.set(node, await processes.confirm(node, young, question, signal));
    }
    return reports;
  }

  return async function gather(search: Search, signal: AbortSignal): Promise<Evidence> {
    const { question, memory, asked } = search;
    await survey.refresh(asked, options.freshMs, signal);
    const answering = asked.filter((node) => survey.reports().get(node)?.kind === "answered");
    const home = await owners.confirm(question.user, search.home, answering, signal);
    const nodes = survey.nodes();
    const doubtful = nodesToSearch({ nodes, reports: survey.reports(), home }, question);
    const unsearched = doubtful.filter((node) => !isSearched(node));
    if (unsearched.length > 0) await survey.search(unsearched, signal);
    const reports = await confirmedReports(question, signal);
    return { nodes, home, memory, reports, nowMs: clock.now() };
  };
}
