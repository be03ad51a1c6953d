import type { NodeUse, Move, Plan, PlanRecord, StopMove } from "../../../plan.ts";
import { iso } from "../../../wall-clock.ts";

/** The JSON of plans, documented in docs/openapi.yaml; the command line prints the same. */

export interface PlanAnswer {
  /** Null: it was only drawn up, and is not kept. */
  readonly id: string | null;
  readonly madeAt: string;
  readonly mode: Plan["mode"];
  /** "schedule", or who has asked for it. */
  readonly trigger: string;
  readonly state: PlanRecord["state"] | "rehearsed";
  readonly approvedBy: string | null;
  /** Why there are no moves; null if there are some. */
  readonly nothing: string | null;
  readonly nodes: readonly NodeUseAnswer[];
  readonly moves: readonly MoveAnswer[];
  readonly leftAlone: readonly LeftAloneAnswer[];
}

interface NodeUseAnswer {
  readonly node: string;
  readonly standing: NodeUse["standing"];
  /** Use of its scarcest resource, 0 to 1, now and once the plan is carried out; null if it is not known. */
  readonly before: number | null;
  readonly after: number | null;
  readonly words: string;
}

export interface MoveAnswer {
  readonly id: string;
  readonly kind: Move["kind"];
  readonly node: string;
  readonly reasons: readonly string[];
  /** With "stop-server"; else null. */
  readonly stop: StopAnswer | null;
  /** Null: nothing has come of it yet. */
  readonly outcome: OutcomeAnswer | null;
}

interface StopAnswer {
  readonly user: string;
  readonly server: string;
  readonly why: string;
  readonly idleSince: string;
  readonly ignoresTabs: boolean;
  readonly notBefore: string;
}

interface OutcomeAnswer {
  readonly result: "done" | "skipped" | "failed" | "unknown";
  readonly words: string;
  readonly at: string;
}

interface LeftAloneAnswer {
  readonly user: string;
  readonly server: string;
  readonly node: string;
  readonly why: string;
  readonly startedAt: string | null;
}

export interface PlansAnswer {
  readonly mode: Plan["mode"];
  /** The newest first. */
  readonly plans: readonly PlanAnswer[];
}

export function plansAnswer(mode: Plan["mode"], records: readonly PlanRecord[]): PlansAnswer {
  return { mode, plans: records.map(recordAnswer) };
}

/** Of a plan that is not kept. */
export function rehearsalAnswer(plan: Plan): PlanAnswer {
  return { id: null, state: "rehearsed", approvedBy: null, ...planAnswer(plan, []) };
}

export function recordAnswer({ plan, state, approvedBy, outcomes }: PlanRecord): PlanAnswer {
  return { id: plan.id, state, approvedBy: approvedBy ?? null, ...planAnswer(plan, outcomes) };
}

function planAnswer(plan: Plan, outcomes: PlanRecord["outcomes"]) {
  const { madeAtMs, mode, trigger, nothing = null } = plan;
  return {
    ...{ madeAt: iso(madeAtMs), mode, trigger, nothing },
    nodes: plan.nodes.map(({ before = null, after = null, node, standing, words }) => {
      return { node, standing, before, after, words };
    }),
    moves: plan.moves.map((move) => moveAnswer(move, outcomes)),
    leftAlone: plan.leftAlone.map(({ key, node, why, startedAtMs }) => {
      return { ...key, node, why, startedAt: startedAtMs === undefined ? null : iso(startedAtMs) };
    }),
  };
}

function moveAnswer(move: Move, outcomes: PlanRecord["outcomes"]): MoveAnswer {
  const { id, kind, node, reasons } = move;
  const outcome = outcomes.find((each) => each.move === id);
  const came = outcome && { result: outcome.result, words: outcome.words, at: iso(outcome.atMs) };
  const stop = move.kind === "stop-server" ? stopAnswer(move) : null;
  return { id, kind, node, reasons, stop, outcome: came ?? null };
}

function stopAnswer(move: StopMove): StopAnswer {
  const { key, why, ignoresTabs } = move;
  return { ...key, why, ignoresTabs, idleSince: iso(move.idleSinceMs), notBefore: iso(move.notBeforeMs) };
}
