import type { NodeId } from "../model.ts";
import type { Accounts, Clock } from "../ports.ts";
import { matches, type Question } from "./decide/locate.ts";
import { fallSilent, type Report } from "./decide/report.ts";

export interface ClaimCheck {
  /** The report without processes that are not the user's; silent if their accounts cannot be asked for. */
  readonly confirm: (
    node: NodeId,
    report: Report,
    question: Question,
    signal: AbortSignal,
  ) => Promise<Report>;
}

/** A process's word about whose server it is counts only if it runs as that user's account. */
export function createClaimCheck({
  accounts,
  clock,
}: {
  readonly accounts: Accounts;
  readonly clock: Clock;
}): ClaimCheck {
  return {
    async confirm(node, report, question, signal) {
      const isMeant = matches(question);
      if (report.kind === "silent") return report;
      if (!report.servers.some((seen) => seen.uid !== undefined && isMeant(seen))) return report;
      try {
        const account = await accounts.find(node, question.user, signal);
        const servers = report.servers.filter(
          (seen) => seen.uid === undefined || !isMeant(seen) || seen.uid === account?.uid,
        );
        return { ...report, servers };
      } catch {
        return fallSilent(report, "its hub is away, and it did not say whose servers run", clock.now());
      }
    },
  };
}
