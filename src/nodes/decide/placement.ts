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
import type { ExpectedServer } from "./projected-use.ts";
import { compare, rank, rate } from "./ranking.ts";
import type { Candidate } from "./ranking.ts";

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
  /** Where room is held for it already: it goes there, if it still may. */
  readonly heldOn?: NodeId;
  /** Nodes to leave out for now, with the reason. */
  readonly avoid?: ReadonlyMap<NodeId, string>;
}

/**
 * Chooses the node for a server: those that may not take it are left out, each with its reasons; of the others the
 * one whose scarcest resource is used least once the server runs, among equals the one with fewest servers, then the
 * first by name. Verdicts come best first. The same snapshot gives the same answer, in the same words, whatever the
 * order of its nodes.
 */
export function choose(
  snapshot: ClusterSnapshot,
  request: PlacementRequest,
  policy: PlacementPolicy,
  nowMs: number,
): Placement {
  const { memoryBytes = policy.server.memoryBytes } = request;
  const expected = { ...policy.server, memoryBytes };
  const candidates: Candidate[] = [];
  const rejected: NodeVerdict[] = [];
  for (const view of snapshot.nodes) {
    const { load, spec } = view;
    const reasons = refusals(view, request, policy, expected, nowMs);
    if (load === undefined || reasons.length > 0) rejected.push({ node: spec.id, accepted: false, reasons });
    else candidates.push(rate(view, load, projectUse(view, load, request.key, expected)));
  }
  const { order, why } = rank(candidates, request.heldOn);
  const accepted = order.map((each, index) => accept(each, expected, index === 0 ? [why] : []));
  const verdicts = [...accepted, ...rejected.sort((a, b) => compare(a.node, b.node))];
  const [best] = accepted;
  return best === undefined ? { kind: "none", verdicts } : { kind: "placed", node: best.node, verdicts };
}

function accept(
  { view, sample, use, score }: Candidate,
  expected: ExpectedServer,
  why: readonly string[],
): NodeVerdict {
  const reasons = [...why, ...describeUse(view.spec, sample, use, expected)];
  return { node: view.spec.id, accepted: true, score: Math.round(score * 100) / 100, reasons };
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
  const avoided = request.avoid?.get(spec.id);
  const missing = (request.labels ?? []).filter((label) => !spec.labels.includes(label));
  const general = [
    ...(view.isDraining ? ["draining: no new servers, those that run keep running"] : []),
    ...(avoided === undefined ? [] : [avoided]),
    ...missing.map((label) => `does not have the label "${label}"`),
  ];
  if (state === "down") return [...general, ...describeDown(view, nowMs)];
  if (state === "unknown" || load === undefined) return [...general, view.detail || "not heard from yet"];
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
