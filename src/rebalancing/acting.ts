import type { Hold } from "../cache-ports.ts";
import { isAbout, type Move, type PlanRecord, type StopMove, type StopNotice } from "../plan.ts";
import type { Clock } from "../ports.ts";
import type { Result } from "./hands.ts";
import type { MoveMaking } from "./move-making.ts";
import type { NoticeBook } from "./notices.ts";
import type { PlanBook } from "./plan-book.ts";

export interface ActingDeps {
  readonly book: Pick<PlanBook, "save" | "open">;
  readonly notices: Pick<NoticeBook, "give">;
  readonly moves: MoveMaking;
  readonly clock: Pick<Clock, "now">;
}

export interface Acting {
  /**
   * Does what is left of a plan, as far as owners have had their time. What a router died over is not done again.
   * Throws LEASE_LOST when another router is to go on.
   */
  carryOut(record: PlanRecord, hold: Hold, signal: AbortSignal): Promise<PlanRecord>;
}

export function createActing({ book, notices, moves, clock }: ActingDeps): Acting {
  async function settleInterrupted(record: PlanRecord): Promise<PlanRecord> {
    const move = record.plan.moves.find(({ id }) => id === record.underWay?.move);
    if (move === undefined) return record;
    const words = "the router that was at it has not said what came of it; it is not done again";
    return moves.settle(record, move, { result: "unknown", words });
  }

  /** Whom these stops and those of other plans are about has a notice, and nobody else. */
  async function tellOwners(
    { plan: { id } }: PlanRecord,
    stops: readonly StopMove[],
    signal: AbortSignal,
  ): Promise<readonly StopNotice[]> {
    const open = await book.open();
    const others = open.filter(({ plan, state }) => plan.id !== id && state === "grace");
    return notices.give([...stops, ...others.flatMap(stopsLeft)], signal);
  }

  function isTooEarly(move: Move, told: readonly StopNotice[]): move is StopMove {
    if (move.kind !== "stop-server") return false;
    const notice = told.find((each) => isAbout(each, move));
    return notice === undefined || notice.notBeforeMs > clock.now();
  }

  return {
    async carryOut(record, hold, signal) {
      const begun = { ...record, state: "acting" } as const;
      await book.save(begun);
      let current = await settleInterrupted(begun);
      const told = await tellOwners(current, stopsLeft(current), signal);
      const early: StopMove[] = [];
      for (const move of movesLeft(current)) {
        if (!isTooEarly(move, told)) current = await moves.make(current, move, hold, signal);
        else {
          early.push(move);
          // The schedule comes again; a person who has asked for this plan does not.
          if (current.approvedBy === undefined) current = await moves.settle(current, move, TOLD_FIRST);
        }
      }
      const ended = { ...current, state: movesLeft(current).length > 0 ? "grace" : "done" } as const;
      await book.save(ended);
      await tellOwners(ended, early, signal);
      return ended;
    },
  };
}

const TOLD_FIRST: Result = { result: "skipped", words: "its owner has been told, and has some time" };

function movesLeft({ plan: { moves }, outcomes }: PlanRecord): readonly Move[] {
  return moves.filter(({ id }) => !outcomes.some(({ move }) => move === id));
}

/** The servers that are still to be stopped. */
export function stopsLeft(record: PlanRecord): readonly StopMove[] {
  return movesLeft(record).filter((move) => move.kind === "stop-server");
}
