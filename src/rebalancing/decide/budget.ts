import { count } from "../../amounts.ts";
import type { NodeId, ServerKey } from "../../model.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { PastMove, Situation } from "./situation.ts";

const DAY_MS = 86_400_000;

/** How many servers may still be stopped. */
export interface Budget {
  /** Why not this one, in words. */
  objection(key: ServerKey, node: NodeId): string | undefined;
  spend(key: ServerKey, node: NodeId): void;
}

/** What was stopped lately counts as part of this plan: asking twice does not do twice as much. */
export function createBudget({ past, atMs }: Situation, { caps, settleMs }: RebalancePolicy): Budget {
  const spent: PastMove[] = [...past.moves];

  function within(ms: number): readonly PastMove[] {
    return spent.filter((move) => atMs - move.atMs < ms);
  }

  return {
    objection(key, node) {
      const lately = within(settleMs);
      if (lately.length >= caps.perRun) return `at most ${count(caps.perRun, "server")} a run`;
      if (lately.filter((move) => move.node === node).length >= caps.perNode) {
        return `at most ${count(caps.perNode, "server")} of a node a run`;
      }
      const own = within(DAY_MS).filter((move) => move.key.user === key.user).length;
      return own < caps.perUserPerDay
        ? undefined
        : `at most ${count(caps.perUserPerDay, "server")} of a user a day`;
    },
    spend(key, node) {
      spent.push({ key, node, atMs });
    },
  };
}
