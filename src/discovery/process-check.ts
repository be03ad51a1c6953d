import type { NodeId } from "../model.ts";
import type { Accounts, Clock } from "../ports.ts";
import { asks, type Question } from "./decide/question.ts";
import { fallSilent, type Report, type Seen } from "./decide/report.ts";

export interface ProcessCheck {
  /** The report without processes that are not the user's; silent if their accounts cannot be asked for. */
  readonly confirm: (
    node: NodeId,
    report: Report,
    question: Question,
    signal: AbortSignal,
  ) => Promise<Report>;
}

/** A process's word about whose server it is counts only if it runs as that user's account. */
export function createProcessCheck({
  accounts,
  clock,
}: {
  readonly accounts: Accounts;
  readonly clock: Clock;
}): ProcessCheck {
  return {
    async confirm(node, report, question, signal) {
      const isMeant = asks(question);
      if (report.kind === "silent") return report;
      const { servers, processes } = report;
      if (![...servers, ...(processes ?? [])].some((seen) => seen.uid !== undefined && isMeant(seen)))
        return report;
      try {
        const account = await accounts.find(node, question.user, signal);
        function isOwn(seen: Seen): boolean {
          return seen.uid === undefined || !isMeant(seen) || seen.uid === account?.uid;
        }
        const own = processes !== undefined && { processes: processes.filter(isOwn) };
        return { ...report, servers: servers.filter(isOwn), ...own };
      } catch {
        return fallSilent(report, "its hub is away, and it did not say whose servers run", clock.now());
      }
    },
  };
}
