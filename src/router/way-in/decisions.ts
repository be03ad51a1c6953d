import type { Decision } from "./decide/obstacle.ts";

/** Where a user's decision waits until the journey takes it. */
export interface Decisions {
  decide(decision: Decision): void;
  /** What was decided since this was asked last. */
  takeDecision(): Decision | undefined;
  /** Aborts when there is a decision to take. */
  decided(): AbortSignal;
}

export function createDecisions(): Decisions {
  let decision: Decision | undefined;
  let wake = new AbortController();

  return {
    decide(made) {
      decision = made;
      wake.abort();
    },
    takeDecision() {
      const taken = decision;
      decision = undefined;
      if (wake.signal.aborted) wake = new AbortController();
      return taken;
    },
    decided: () => wake.signal,
  };
}
