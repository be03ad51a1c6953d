import type { ErrorCode } from "../../../errors.ts";
import type { NodeId, ServerKey } from "../../../model.ts";
import type { Obstacle } from "./obstacle.ts";

/** The way of a user to their server, as steps for a person to watch. */
export interface Journey {
  /** Random: tells a reconnecting page whether this is still the journey it knew. */
  readonly id: string;
  /** Counts what happened; with `id` it names one state. */
  readonly version: number;
  readonly key: ServerKey;
  readonly startedAtMs: number;
  /** Always all of them, in order. */
  readonly steps: readonly Step[];
  readonly node?: NodeId;
  readonly verdicts: readonly Verdict[];
  /** Present while something is in the way. */
  readonly obstacle?: Obstacle;
  /** Present once it is over. */
  readonly outcome?: Outcome;
}

const STEP_IDS = ["find", "choose", "hub", "server"] as const;
type StepId = (typeof STEP_IDS)[number];

export interface Step {
  readonly id: StepId;
  readonly state: "waiting" | "active" | "done" | "skipped" | "failed";
  /** What was said on the way, newest last; at most `MAX_LINES`. */
  readonly lines: readonly string[];
}

/** One row of the table a placement was decided by. */
export interface Verdict {
  readonly node: NodeId;
  readonly accepted: boolean;
  readonly score?: number;
  readonly reasons: readonly string[];
}

export type Outcome =
  { readonly kind: "arrived"; readonly node: NodeId } | ({ readonly kind: "failed" } & Failure);

export interface Failure {
  readonly code: ErrorCode | "UNEXPECTED";
  readonly message: string;
  readonly remedy: string;
}

export type JourneyEvent =
  | { readonly kind: "obstacle"; readonly obstacle: Obstacle }
  | { readonly kind: "found"; readonly node: NodeId; readonly how: "running" | "starting" | "stopped" }
  | { readonly kind: "stopping"; readonly node: NodeId }
  | { readonly kind: "none" }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "placed"; readonly node: NodeId; readonly verdicts: readonly Verdict[] }
  | { readonly kind: "nowhere"; readonly verdicts: readonly Verdict[] }
  | { readonly kind: "assigned"; readonly node: NodeId }
  | { readonly kind: "note" | "progress"; readonly text: string }
  | { readonly kind: "hub"; readonly node: NodeId }
  | { readonly kind: "server"; readonly node: NodeId }
  | { readonly kind: "arrived"; readonly node: NodeId }
  | ({ readonly kind: "failed" } & Failure);

const MAX_LINES = 8;
const MAX_LINE_LENGTH = 300;

/** A journey that has just begun: it looks for the server. */
export function beginJourney(id: string, key: ServerKey, startedAtMs: number): Journey {
  const steps = STEP_IDS.map((step): Step => ({ id: step, state: "waiting", lines: [] }));
  return enter({ id, key, startedAtMs, version: 0, steps, verdicts: [] }, "find");
}

/** What the journey is after `event`. A journey that is over stays as it is; steps never go back. */
export function advance(journey: Journey, event: JourneyEvent): Journey {
  if (journey.outcome !== undefined) return journey;
  const next = { ...apply(journey, event), version: journey.version + 1 };
  return event.kind === "obstacle" || isRemark(event) ? next : withoutObstacle(next);
}

function apply(journey: Journey, event: JourneyEvent): Journey {
  if (isFinding(event)) return decide(journey, event);
  switch (event.kind) {
    case "obstacle":
      return { ...journey, obstacle: event.obstacle };
    case "note":
    case "progress":
      return say(journey, event.text);
    case "hub":
      return { ...enter(journey, "hub"), node: event.node };
    case "server":
      return { ...enter(journey, "server"), node: event.node };
    case "arrived":
      return { ...finish(journey), node: event.node, outcome: event };
    case "failed":
      return { ...fail(journey), outcome: event };
  }
}

const FINDINGS = ["found", "stopping", "none", "elsewhere", "placed", "nowhere", "assigned"] as const;
type Finding = Extract<JourneyEvent, { kind: (typeof FINDINGS)[number] }>;

function isFinding(event: JourneyEvent): event is Finding {
  return FINDINGS.some((kind) => kind === event.kind);
}

function decide(journey: Journey, event: Finding): Journey {
  switch (event.kind) {
    case "found":
      return { ...say(journey, FOUND[event.how](event.node)), node: event.node };
    case "stopping":
      return say(journey, `Your former server on ${event.node} is being stopped; waiting for that.`);
    case "none":
      return enter(say(journey, "You have no running server."), "choose");
    case "elsewhere":
      return enter(say(journey, "You decided to start a new server elsewhere."), "choose");
    case "placed":
      return { ...say(enter(journey, "choose"), because(event)), node: event.node, verdicts: event.verdicts };
    case "nowhere":
      return { ...enter(journey, "choose"), verdicts: event.verdicts };
    case "assigned":
      return {
        ...say(enter(journey, "choose"), `${event.node}: decided a moment ago, kept.`),
        node: event.node,
      };
  }
}

const FOUND = {
  running: (node: NodeId) => `It runs on ${node}.`,
  starting: (node: NodeId) => `It is starting on ${node}.`,
  // Also when only the process table shows it, while its hub is down: no claim that it has ended.
  stopped: (node: NodeId) => `It belongs on ${node}; the hub there knows whether it runs.`,
};

function because({ node, verdicts }: { node: NodeId; verdicts: readonly Verdict[] }): string {
  const reasons = verdicts.find((verdict) => verdict.node === node)?.reasons ?? [];
  return reasons.length === 0 ? node : `${node}: ${reasons.join("; ")}`;
}

function isRemark(event: JourneyEvent): boolean {
  return event.kind === "note" || event.kind === "progress";
}

function withoutObstacle(journey: Journey): Journey {
  const { obstacle, ...rest } = journey;
  return obstacle === undefined ? journey : rest;
}

/** Makes `id` the step under way: what was under way is done, what was passed over is skipped. */
function enter(journey: Journey, id: StepId): Journey {
  const target = STEP_IDS.indexOf(id);
  if (target < activeIndex(journey)) return journey;
  const steps = journey.steps.map((step, i): Step => {
    if (i === target) return { ...step, state: "active" };
    return i < target ? { ...step, state: passed(step) } : step;
  });
  return { ...journey, steps };
}

function passed(step: Step): Step["state"] {
  if (step.state === "active") return "done";
  return step.state === "waiting" ? "skipped" : step.state;
}

function finish(journey: Journey): Journey {
  return { ...journey, steps: journey.steps.map((step) => ({ ...step, state: passed(step) })) };
}

function fail(journey: Journey): Journey {
  const steps = journey.steps.map((step): Step =>
    step.state === "active" ? { ...step, state: "failed" } : step,
  );
  return { ...journey, steps };
}

function say(journey: Journey, text: string): Journey {
  const active = activeIndex(journey);
  const line = text.slice(0, MAX_LINE_LENGTH);
  const steps = journey.steps.map((step, i) =>
    i === active && step.lines.at(-1) !== line
      ? { ...step, lines: [...step.lines, line].slice(-MAX_LINES) }
      : step,
  );
  return { ...journey, steps };
}

function activeIndex(journey: Journey): number {
  return journey.steps.findIndex((step) => step.state === "active");
}
