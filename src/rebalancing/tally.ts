import type { Move, MoveOutcome, RebalanceTally } from "../plan.ts";

/** Counts what was done since this router started. */
export interface Tally {
  ran(how: "planned" | "nothing" | "failed", atMs: number): void;
  moved(move: Pick<Move, "kind">, result: MoveOutcome["result"]): void;
  read(): RebalanceTally;
}

export function createTally(): Tally {
  const runs = new Map<"planned" | "nothing" | "failed", number>();
  const moves = new Map<string, RebalanceTally["moves"][number]>();
  let lastRunMs: number | undefined;
  return {
    ran(how, atMs) {
      runs.set(how, (runs.get(how) ?? 0) + 1);
      lastRunMs = atMs;
    },
    moved({ kind }, result) {
      const count = (moves.get(`${kind} ${result}`)?.count ?? 0) + 1;
      moves.set(`${kind} ${result}`, { kind, result, count });
    },
    read: () => ({ runs, moves: [...moves.values()], ...(lastRunMs !== undefined && { lastRunMs }) }),
  };
}
