import type { Plan } from "../../plan.ts";

/** What could not be looked at. */
export interface Unknowns {
  /** Users with servers, and those of them whose home cannot be read. */
  readonly users: number;
  readonly unreadableHomes: number;
}

/** A plan with nothing to do, where too little is known of the servers to judge any of it. */
export function holdBack(plan: Plan, { users, unreadableHomes }: Unknowns): Plan {
  if (users < 2 || unreadableHomes * 2 <= users) return plan;
  const nothing = `too little is known: the homes of ${unreadableHomes} of ${users} users cannot be read`;
  return { ...plan, moves: [], nothing };
}
