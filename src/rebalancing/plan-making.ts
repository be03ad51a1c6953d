import type { Hold } from "../cache-ports.ts";
import { AppError } from "../errors.ts";
import type { Plan, PlanRecord, RebalanceMode } from "../plan.ts";
import type { Clock, Log, Random } from "../ports.ts";
import { holdBack } from "./decide/holding-back.ts";
import { plan } from "./decide/planner.ts";
import type { RebalancePolicy } from "./decide/policy.ts";
import { planId, type PlanBook } from "./plan-book.ts";
import type { Situations } from "./situations.ts";

export interface PlanMakingDeps {
  readonly situations: Situations;
  readonly book: Pick<PlanBook, "save">;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  readonly log: Log;
}

export interface PlanMaking {
  /** What would be done now; it is not kept. */
  draw(trigger: string, mode: RebalanceMode, signal: AbortSignal): Promise<Plan>;
  /** Makes a plan and keeps it: in mode "act" as one that is being carried out. Throws NOT_LEADER. */
  make(trigger: string, mode: RebalanceMode, hold: Hold, signal: AbortSignal): Promise<PlanRecord>;
}

/** The trigger of plans that nobody has asked for. */
export const SCHEDULE = "schedule";

export function createPlanMaking(
  { situations, book, clock, random, log }: PlanMakingDeps,
  {
    policy,
    lookMs,
  }: { readonly policy: RebalancePolicy; /** For the look at all nodes. */ readonly lookMs: number },
): PlanMaking {
  async function draw(trigger: string, mode: RebalanceMode, signal: AbortSignal): Promise<Plan> {
    const limited = AbortSignal.any([signal, clock.deadline(lookMs)]);
    const situation = await situations.gather({ trigger, mode }, limited);
    const made = plan(situation, policy, planId(situation.atMs, random.next()));
    return holdBack(made, situations.unknowns());
  }

  return {
    draw,
    async make(trigger, mode, hold, signal) {
      const made = await draw(trigger, mode, signal);
      const { id, nothing, moves } = made;
      const state = moves.length === 0 ? "nothing" : mode === "act" ? "acting" : "waiting";
      const isAsked = state === "acting" && trigger !== SCHEDULE;
      if (!(await hold.confirm())) throw notLeader();
      const record = { plan: made, state, ...(isAsked && { approvedBy: trigger }), outcomes: [] } as const;
      await book.save(record);
      log.info({ plan: id, by: trigger, state, moves: moves.length, nothing }, "plan made");
      return record;
    },
  };
}

export function notLeader(): AppError {
  const remedy = "ask that router; multijhub_leader of /metrics is 1 there";
  return new AppError("NOT_LEADER", "another router acts for all, or the cache is away", { remedy });
}
