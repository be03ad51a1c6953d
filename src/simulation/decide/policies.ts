import { createDraw } from "./draw.ts";
import { minutes, thousandths } from "./figures.ts";
import {
  createLeastConnections,
  createLoadAverage,
  createRandom,
  createRoundRobin,
  createUserHash,
} from "./known-policies.ts";
import { createOracle } from "./oracle.ts";
import type { Policy } from "./policy.ts";
import { momentsOf, replay, type Outcome, type Scenario } from "./replay.ts";

export const POLICIES = [
  "random",
  "round-robin",
  "least-connections",
  "load-average",
  "user-hash",
  "multijhub",
  "oracle",
] as const;
export type PolicyName = (typeof POLICIES)[number];

/** How one policy did. */
export interface Result {
  readonly policy: PolicyName;
  readonly hotNodeMinutes: number;
  readonly sessionsUnderPressure: number;
  /** Hot-node minutes beyond the oracle's. */
  readonly regret: number;
  /** Shares of a node's memory. */
  readonly worstUse: number;
  readonly meanUse: number;
  readonly placed: number;
  readonly rejected: number;
  readonly outside: number;
}

/** Replays a scenario under each policy named; the router's own is given, being no part of the simulation. */
export function comparePolicies(
  scenario: Scenario,
  names: readonly PolicyName[],
  { seed, createRouter }: { readonly seed: number; readonly createRouter: () => Policy },
): readonly Result[] {
  const moments = momentsOf(scenario);
  const oracle = replay(scenario, createOracle(scenario.machines), moments);
  return names.map((name) => {
    const isOracle = name === "oracle";
    const outcome = isOracle ? oracle : replay(scenario, create(name), moments);
    return resultOf(name, outcome, oracle);
  });

  function create(name: Exclude<PolicyName, "oracle">): Policy {
    const draw = createDraw(seed);
    switch (name) {
      case "random":
        return createRandom(draw);
      case "round-robin":
        return createRoundRobin();
      case "least-connections":
        return createLeastConnections(draw);
      case "load-average":
        return createLoadAverage(draw);
      case "user-hash":
        return createUserHash();
      case "multijhub":
        return createRouter();
    }
  }
}

function resultOf(policy: PolicyName, outcome: Outcome, oracle: Outcome): Result {
  const hotNodeMinutes = minutes(outcome.hotMs);
  const { placed, rejected, outside } = outcome;
  return {
    policy,
    hotNodeMinutes,
    sessionsUnderPressure: outcome.pressed,
    regret: hotNodeMinutes - minutes(oracle.hotMs),
    worstUse: thousandths(outcome.worstUse),
    meanUse: thousandths(outcome.meanUse),
    placed,
    rejected,
    outside,
  };
}
