import type {
  ClusterSnapshot,
  LoadSample,
  NodeId,
  NodeVerdict,
  NodeView,
  Placement,
  ServerKey,
} from "../../model.ts";
import { count, describeUse, percent, size, span } from "./placement-words.ts";
import { projectUse } from "./projected-use.ts";
import type { ExpectedServer, ProjectedUse } from "./projected-use.ts";

/** What placements go by. */
export interface PlacementPolicy {
  /** A node whose last sample is older takes nobody. */
  readonly maxSampleAgeMs: number;
  /** What a new server is expected to use. */
  readonly server: ExpectedServer;
  /** Memory of a node that placements leave alone. */
  readonly headroomBytes: number;
}

/** A node where tasks wait for memory for a larger share of the time (PSI) takes nobody. */
const MAX_MEMORY_PRESSURE = 0.4;

/** Which server wants a place, and what it asks for. */
export interface PlacementRequest {
  readonly key: ServerKey;
  /** Labels the node must have, every one. */
  readonly labels?: readonly string[];
  /** What this server is expected to take, where more is known than the policy's general figure. */
  readonly memoryBytes?: number;
}

interface Candidate {
  readonly view: NodeView;
  readonly sample: LoadSample;
  readonly use: ProjectedUse;
  /** In hundredths, weighted: nodes closer than that are equal, so that noise does not gather people on one. */
  readonly score: number;
}

/**
 * Chooses the node for a server: those that may not take it are left out, each with its reasons; of the others the
 * one whose scarcest resource is used least once the server runs, then the one with fewest servers, then by name.
 * Verdicts come best first. The same snapshot gives the same answer, in the same words, whatever the order of nodes.
 */
export function choose(
  snapshot: ClusterSnapshot,
  request: PlacementRequest,
  policy: PlacementPolicy,
  nowMs: number,
): Placement {
  const expected = {
    ...policy.server,
    ...(request.memoryBytes !== undefined && { memoryBytes: request.memoryBytes }),
  };
  const candidates: Candidate[] = [];
  const rejected: NodeVerdict[] = [];
  for (const view of snapshot.nodes) {
    const reasons = refusals(view, request, policy, expected, nowMs);
    if (view.load !== undefined && reasons.length === 0)
      candidates.push(rate(view, view.load, request, expected));
    else rejected.push({ node: view.spec.id, accepted: false, reasons });
  }
  candidates.sort(byMerit);
  rejected.sort((a, b) => compare(a.node, b.node));
  const verdicts = [...candidates.map((each, rank) => accept(each, candidates, rank, expected)), ...rejected];
  const [best] = candidates;
  return best === undefined
    ? { kind: "none", verdicts }
    : { kind: "placed", node: best.view.spec.id, verdicts };
}

/** Every reason why a node may not take the server. */
function refusals(
  view: NodeView,
  request: PlacementRequest,
  policy: PlacementPolicy,
  expected: ExpectedServer,
  nowMs: number,
): readonly string[] {
  const { spec, load, state } = view;
  const missing = (request.labels ?? []).filter((label) => !spec.labels.includes(label));
  const general = [
    ...(view.isDraining ? ["draining: no new servers, those that run keep running"] : []),
    ...missing.map((label) => `does not have the label "${label}"`),
  ];
  if (state === "down") return [...general, ...describeDown(view, nowMs)];
  if (state === "unknown" || load === undefined) return [...general, "not heard from yet"];
  const ageMs = nowMs - load.takenAtMs;
  if (ageMs > policy.maxSampleAgeMs) return [...general, `its load was last reported ${span(ageMs)} ago`];
  return [...general, ...shortages(view, load, request, policy, expected)];
}

function describeDown({ detail, lastSeenMs }: NodeView, nowMs: number): readonly string[] {
  const seen = lastSeenMs === undefined ? "" : `, last heard from ${span(nowMs - lastSeenMs)} ago`;
  return [`down${detail === "" ? "" : `: ${detail}`}${seen}`];
}

function shortages(
  view: NodeView,
  sample: LoadSample,
  { key }: PlacementRequest,
  policy: PlacementPolicy,
  expected: ExpectedServer,
): readonly string[] {
  const { maxServers } = view.spec;
  const use = projectUse(view, sample, key, expected);
  const pressure = sample.memoryPressure ?? 0;
  const reasons: string[] = [];
  if (maxServers !== undefined && use.servers >= maxServers) {
    const starting = use.starting === 0 ? "" : `, ${use.starting} of them starting`;
    reasons.push(`full: ${use.servers} of at most ${count(maxServers, "server")}${starting}`);
  }
  if (use.freeBytes - expected.memoryBytes < policy.headroomBytes) {
    const held = use.heldBytes === 0 ? "" : `, ${size(use.heldBytes)} of it held for starts under way`;
    const need = `${size(expected.memoryBytes)} for the server and ${size(policy.headroomBytes)} to spare`;
    reasons.push(`not enough memory: ${size(sample.memoryAvailableBytes)} free${held}; it takes ${need}`);
  }
  if (pressure > MAX_MEMORY_PRESSURE) {
    reasons.push(`short of memory: its tasks wait for memory ${percent(pressure)} of the time`);
  }
  return reasons;
}

function rate(
  view: NodeView,
  sample: LoadSample,
  request: PlacementRequest,
  expected: ExpectedServer,
): Candidate {
  const use = projectUse(view, sample, request.key, expected);
  const scarcest = Math.max(use.memory, use.load);
  return { view, sample, use, score: Math.round((scarcest / view.spec.weight) * 100) / 100 };
}

function byMerit(a: Candidate, b: Candidate): number {
  return a.score - b.score || share(a) - share(b) || compare(a.view.spec.id, b.view.spec.id);
}

function share({ use, view }: Candidate): number {
  return use.servers / view.spec.weight;
}

function accept(
  candidate: Candidate,
  all: readonly Candidate[],
  rank: number,
  expected: ExpectedServer,
): NodeVerdict {
  const { view, sample, use, score } = candidate;
  const standing = describeUse(view.spec, sample, use, expected);
  const reasons = rank === 0 ? [whyFirst(candidate, all), ...standing] : standing;
  return { node: view.spec.id, accepted: true, score, reasons };
}

function whyFirst(first: Candidate, [, second, ...others]: readonly Candidate[]): string {
  if (second === undefined) return "the only node that can take this server now";
  const scarcest = first.use.memory >= first.use.load ? "memory" : "processors";
  const field = `of the ${others.length + 2} nodes that can take this server`;
  if (first.score < second.score) return `the least used ${field}, going by its ${scarcest}`;
  const tie = first.score === second.score && share(first) < share(second);
  return tie
    ? `among the least used ${field}, the one with fewest servers`
    : `first by name among equals, ${field}`;
}

function compare(a: NodeId, b: NodeId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
