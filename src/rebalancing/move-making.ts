import { span } from "../amounts.ts";
import type { Hold } from "../cache-ports.ts";
import { AppError } from "../errors.ts";
import type { Move, MoveOutcome, PlanRecord } from "../plan.ts";
import type { Audit, Clock, Log } from "../ports.ts";
import { plan } from "./decide/planner.ts";
import type { RebalancePolicy } from "./decide/policy.ts";
import { type Now, objection } from "./decide/recheck.ts";
import { type Hands, makeMove, type Result } from "./hands.ts";
import type { PlanBook } from "./plan-book.ts";
import type { Situations } from "./situations.ts";

export interface MoveMakingDeps {
  readonly book: Pick<PlanBook, "save">;
  readonly situations: Pick<Situations, "gather">;
  readonly hands: Hands;
  readonly audit: Audit;
  /** Told of every outcome. */
  readonly onOutcome: (move: Move, result: MoveOutcome["result"]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface MoveMakingOptions {
  readonly policy: RebalancePolicy;
  /** How long one move may take. */
  readonly moveMs: number;
}

export interface MoveMaking {
  /**
   * Makes a move of a plan if what it rests on still holds. The intention is written down before; what came of it,
   * after. Throws LEASE_LOST, and why the router stops: then the plan stays as it is.
   */
  make(record: PlanRecord, move: Move, hold: Hold, signal: AbortSignal): Promise<PlanRecord>;
  /** Writes down what came of a move. */
  settle(record: PlanRecord, move: Move, result: Result): Promise<PlanRecord>;
}

export function createMoveMaking(
  { book, situations, hands, audit, onOutcome, clock, log }: MoveMakingDeps,
  { policy, moveMs }: MoveMakingOptions,
): MoveMaking {
  async function save(record: PlanRecord): Promise<PlanRecord> {
    await book.save(record);
    return record;
  }

  async function settle(record: PlanRecord, move: Move, said: Result): Promise<PlanRecord> {
    const { underWay, ...rest } = record;
    const { result, words } = said;
    const atMs = clock.now();
    const by = record.approvedBy ?? record.plan.trigger;
    const { id: plan } = record.plan;
    const act = { audit: "move", by, plan, token: underWay?.token, ...told(move), result, words } as const;
    await audit.note(act, "move of a plan");
    onOutcome(move, result);
    return save({ ...rest, outcomes: [...record.outcomes, { move: move.id, ...said, atMs }] });
  }

  async function lookAgain(move: Move, { plan: { trigger, id } }: PlanRecord, signal: AbortSignal) {
    const situation = await situations.gather({ trigger, mode: "act" }, signal, [move.node]);
    return { situation, nodes: plan(situation, policy, id).nodes, policy } satisfies Now;
  }

  return {
    settle,
    async make(record, move, hold, signal) {
      const limited = AbortSignal.any([signal, hold.lost, clock.deadline(moveMs)]);
      await confirm(hold);
      const why = objection(move, await lookAgain(move, record, limited));
      if (why !== undefined) return settle(record, move, { result: "skipped", words: why });
      const intended = await save({ ...record, underWay: { move: move.id, token: hold.token } });
      await confirm(hold);
      const result = await makeMove(move, hands, limited).catch((err: unknown): Result => {
        if (signal.aborted || hold.lost.aborted) throw err;
        if (err instanceof AppError && err.code === "ORDER_STANDS")
          return { result: "skipped", words: err.message };
        log.warn({ err, node: move.node, kind: move.kind }, "move of a plan failed");
        if (limited.aborted) return { result: "unknown", words: `not over after ${span(moveMs)}` };
        return { result: "failed", words: messageOf(err) };
      });
      return settle(intended, move, result);
    },
  };
}

async function confirm(hold: Hold): Promise<void> {
  if (await hold.confirm()) return;
  throw new AppError("LEASE_LOST", "another router acts for all now, or the cache does not answer");
}

/** A move for the log, without its reasons: the plan has them. */
function told(move: Move) {
  const { id, kind, node } = move;
  return { move: id, kind, node, ...(move.kind === "stop-server" && { ...move.key, why: move.why }) };
}

function messageOf(err: unknown): string {
  return err instanceof AppError ? err.message : "an unexpected error, which is in the router's log";
}
