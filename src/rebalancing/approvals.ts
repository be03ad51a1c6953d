import { z } from "zod";
import { AppError } from "../errors.ts";
import { parseJsonText } from "../json-text.ts";
import type { PlanRecord } from "../plan.ts";
import type { Audit, Clock } from "../ports.ts";
import { approvalName, type PlanBook } from "./plan-book.ts";
import type { Shelf } from "./shelf.ts";

export interface ApprovalsDeps {
  readonly book: Pick<PlanBook, "find">;
  readonly shelf: Pick<Shelf, "get" | "put">;
  readonly audit: Audit;
  readonly clock: Pick<Clock, "now">;
}

/** Who wants which plan to be carried out. Any router takes their word, and the one that leads acts on it. */
export interface Approvals {
  /** Throws PLAN_UNKNOWN. */
  find(id: string): Promise<PlanRecord>;
  /** Throws PLAN_UNKNOWN, PLAN_NOT_WAITING. */
  approve(id: string, by: string): Promise<PlanRecord>;
  /** What a plan that waits has become: "acting", "expired", or what it was. */
  review(record: PlanRecord): Promise<PlanRecord>;
}

const Approval = z.object({ by: z.string() });

export function createApprovals(
  { book, shelf, audit, clock }: ApprovalsDeps,
  { withinMs }: { readonly withinMs: number },
): Approvals {
  function isTooOld({ plan }: PlanRecord): boolean {
    return clock.now() - plan.madeAtMs > withinMs;
  }

  async function find(id: string): Promise<PlanRecord> {
    const record = await book.find(id);
    if (record !== undefined) return record;
    throw new AppError("PLAN_UNKNOWN", `there is no plan ${id}`, { remedy: "run: multijhub plan list" });
  }

  return {
    find,
    async approve(id, by) {
      const record = await find(id);
      const state = record.state === "waiting" && isTooOld(record) ? "expired" : record.state;
      if (state !== "waiting") throw notWaiting(id, state);
      await shelf.put(approvalName(id), JSON.stringify({ by }));
      await audit.note({ audit: "approval", by, plan: id }, "plan approved");
      return { ...record, approvedBy: by };
    },
    async review(record) {
      const approval = parseJsonText(Approval, await shelf.get(approvalName(record.plan.id)));
      if (approval !== undefined) return { ...record, state: "acting", approvedBy: approval.by };
      return isTooOld(record) ? { ...record, state: "expired" } : record;
    },
  };
}

function notWaiting(id: string, state: Exclude<PlanRecord["state"], "waiting">): AppError {
  const remedy = "make a new one: multijhub rebalance";
  return new AppError("PLAN_NOT_WAITING", `${id} cannot be approved: it is ${STATES[state]}`, { remedy });
}

const STATES = {
  acting: "being carried out",
  grace: "being carried out, and waits until owners have had their time",
  done: "over",
  nothing: "empty",
  expired: "too old",
};
