import { DAY_MS } from "./day.ts";
import { createDraw } from "./draw.ts";
import { minutes, thousandths } from "./figures.ts";
import type { Policy } from "./policy.ts";
import { replay, type Scenario } from "./replay.ts";
import { withVisits } from "./visits.ts";

/** What rebalancing does to a workload: the same placement with it and without. */
export interface RebalanceReport {
  /** Servers stopped. */
  readonly stopped: number;
  readonly movesPerDay: number;
  /** Of these, those to which their owners came back: they had to begin anew. */
  readonly cameBack: number;
  readonly hotNodeMinutes: number;
  readonly hotNodeMinutesWithout: number;
  readonly sessionsUnderPressure: number;
  readonly sessionsUnderPressureWithout: number;
  readonly rejected: number;
  readonly rejectedWithout: number;
  readonly worstUse: number;
  readonly worstUseWithout: number;
  readonly meanUse: number;
  readonly meanUseWithout: number;
}

/** Visits are drawn apart from the sessions, which so are the same with and without them. */
const VISITS_SEED = 0x76697369;

export function reportRebalancing(
  scenario: Scenario,
  { seed, createRouter }: { readonly seed: number; readonly createRouter: (rebalances: boolean) => Policy },
): RebalanceReport {
  const sessions = withVisits(createDraw(seed ^ VISITS_SEED), scenario.sessions);
  const without = replay(scenario, createRouter(false));
  const outcome = replay({ ...scenario, sessions }, createRouter(true));
  return {
    stopped: outcome.stopped,
    movesPerDay: Math.round((outcome.stopped * DAY_MS * 10) / scenario.endMs) / 10,
    cameBack: outcome.cameBack,
    hotNodeMinutes: minutes(outcome.hotMs),
    hotNodeMinutesWithout: minutes(without.hotMs),
    sessionsUnderPressure: outcome.pressed,
    sessionsUnderPressureWithout: without.pressed,
    rejected: outcome.rejected,
    rejectedWithout: without.rejected,
    worstUse: thousandths(outcome.worstUse),
    worstUseWithout: thousandths(without.worstUse),
    meanUse: thousandths(outcome.meanUse),
    meanUseWithout: thousandths(without.meanUse),
  };
}
