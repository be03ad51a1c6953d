import { AppError } from "../../src/errors.ts";
import type { NodeId } from "../../src/model.ts";
import type { Plan, PlanRecord, Rebalancing } from "../../src/plan.ts";
import { ALICE, NODE1, NODE2 } from "./fake-world.ts";

export const PLAN_ID = "20261120-174000-x7f2";

/** One hot node, one cold one, and one idle server on the hot one. */
export function fakePlan(id = PLAN_ID): Plan {
  return {
    id,
    madeAtMs: 1000,
    mode: "report",
    trigger: "carol",
    nodes: [
      { node: NODE1, before: 0.91, after: 0.74, standing: "hot", words: "memory 91 % used" },
      { node: NODE2, standing: "not counted", words: "down" },
    ],
    moves: [
      { id: "1", kind: "cordon", node: NODE1, reasons: ["hot: memory 91 % used"] },
      {
        id: "2",
        kind: "stop-server",
        node: NODE1,
        key: ALICE,
        process: { pid: 42, startTicks: 7, bootId: "boot" },
        why: "hot-node",
        idleSinceMs: 0,
        ignoresTabs: false,
        notBeforeMs: 2000,
        reasons: ["node1 is hot"],
      },
    ],
    leftAlone: [{ key: ALICE, node: "node9" as NodeId, why: "a <kernel> is busy" }],
  };
}

export interface FakeRebalancing extends Rebalancing {
  readonly records: PlanRecord[];
  /** What was asked of it, in order. */
  readonly asked: string[];
}

/** Keeps one plan that waits, and notes what is asked of it. */
export function createFakeRebalancing(): FakeRebalancing {
  const records: PlanRecord[] = [{ plan: fakePlan(), state: "waiting", outcomes: [] }];
  const asked: string[] = [];

  function find(id: string): Promise<PlanRecord> {
    const record = records.find(({ plan }) => plan.id === id);
    if (record === undefined) return Promise.reject(new AppError("PLAN_UNKNOWN", `there is no plan ${id}`));
    return Promise.resolve(record);
  }

  return {
    mode: "report",
    records,
    asked,
    rehearse(trigger) {
      asked.push(`rehearse for ${trigger}`);
      return Promise.resolve(fakePlan());
    },
    run(trigger, isAct) {
      asked.push(`run for ${trigger}${isAct ? " and act" : ""}`);
      return find(PLAN_ID);
    },
    plans: () => Promise.resolve(records),
    find,
    async approve(id, by) {
      const record = await find(id);
      asked.push(`approve ${id} by ${by}`);
      return { ...record, approvedBy: by };
    },
    tally: () => ({
      runs: new Map([["planned", 2] as const]),
      moves: [{ kind: "cordon", result: "done", count: 1 }],
      lastRunMs: 5000,
    }),
  };
}
