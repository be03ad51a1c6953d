import { count, percent, size, span } from "../../../amounts.ts";
import type {
  ClusterSnapshot,
  LoadSample,
  NodeId,
  NodeVerdict,
  NodeView,
  Placement,
  ServerKey,
} from "../../../model.ts";
import { describeUse } from "./placement-words.ts";
import { describeGpus, gpuShortage, gpuUse, type GpuMode } from "./gpus.ts";
import { projectUse } from "./projected-use.ts";
import type { ExpectedServer, ProjectedUse } from "./projected-use.ts";
import { compare, rank, rate } from "./ranking.ts";
import type { Candidate } from "./ranking.ts";
import { setUnsteadyAside } from "./unsteady.ts";

/** What placements go by. */
export interface PlacementPolicy {
  /** A node whose last sample is older takes nobody. */
  readonly maxSampleAgeMs: number;
  /** What a new server is expected to use. */
  readonly server: ExpectedServer;
  /** Memory of a node that placements leave alone. */
  readonly headroomBytes: number;
  /** Whether devices are given out; shared unless said. */
  readonly gpus?: GpuMode;
}

/** A node where tasks wait for memory for a larger share of the time (PSI) takes nobody. */
const MAX_MEMORY_PRESSURE = 0.4;

/** Less than that free where a hub keeps its state, and it would soon be unable to start anything. */
const MIN_STATE_DISK_BYTES = 64 * 1024 ** 2;

/** Which server wants a place, and what it asks for. */
export interface PlacementRequest {
  readonly key: ServerKey;
  /** Labels the node must have, every one. */
  readonly labels?: readonly string[];
  readonly gpus?: number;
  /** What servers of its owner took lately. Nodes are ranked by it; nobody is refused because of it. */
  readonly learntBytes?: number;
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
  const { learntBytes } = request;
  const expected = { ...policy.server, ...(learntBytes !== undefined && { learntBytes }) };
  const candidates: Candidate[] = [];
  const rejected: NodeVerdict[] = [];
  for (const view of snapshot.nodes) {
    const { load, spec } = view;
    const use = load && projectUse(view, load, request.key, expected);
    const reasons = refusals(view, request, policy, use, nowMs);
    if (load === undefined || use === undefined || reasons.length > 0) {
      rejected.push({ node: spec.id, accepted: false, reasons });
    } else candidates.push(rate(view, load, { ...use, gpus: gpuUse(view, request, policy.gpus) }));
  }
  const { takers, aside } = setUnsteadyAside(candidates);
  const { order, why } = rank(takers, request.heldOn);
  const accepted = order.map((each, index) =>
    accept(each, () => [
      ...(index === 0 ? [why] : []),
      ...describeUse(each.view.spec, each.sample, each.use, expected),
      ...describeGpus(each.view, request, policy.gpus),
    ]),
  );
  const verdicts = [...accepted, ...[...rejected, ...aside].sort((a, b) => compare(a.node, b.node))];
  const [best] = accepted;
  return best === undefined ? { kind: "none", verdicts } : { kind: "placed", node: best.node, verdicts };
}

/** Its reasons are put in words when they are read first: most decisions are made for the sake of one node. */
function accept({ view, score }: Candidate, describe: () => readonly string[]): NodeVerdict {
  let words: readonly string[] | undefined;
  return {
    node: view.spec.id,
    accepted: true,
    score: Math.round(score * 100) / 100,
    get reasons() {
      return (words ??= describe());
    },
  };
}

/** Every reason why a node may not take the server. */
function refusals(
  view: NodeView,
  request: PlacementRequest,
  policy: PlacementPolicy,
  use: ProjectedUse | undefined,
  nowMs: number,
): readonly string[] {
  const { spec, load, state } = view;
  const avoided = request.avoid?.get(spec.id);
  const missing = (request.labels ?? []).filter((label) => !spec.labels.includes(label));
  const general = [
    ...closings(view),
    ...(avoided === undefined ? [] : [avoided]),
    ...missing.map((label) => `does not have the label "${label}"`),
  ];
  if (state === "down") return [...general, ...describeDown(view, nowMs)];
  if (state === "unknown" || load === undefined || use === undefined)
    return [...general, view.detail || "not heard from yet"];
  const ageMs = nowMs - load.takenAtMs;
  if (ageMs > policy.maxSampleAgeMs) return [...general, `its load was last reported ${span(ageMs)} ago`];
  const gpus = gpuShortage(view, request, policy.gpus);
  return [...general, ...shortages(view, load, policy, use), ...gpus];
}

function closings({ closure, hub }: NodeView): readonly string[] {
  return [
    ...(closure === undefined ? [] : [closure.words]),
    ...(hub?.state === "incompatible" ? [`can run no hub: ${hub.detail}`] : []),
  ];
}

function describeDown({ detail, lastSeenMs }: NodeView, nowMs: number): readonly string[] {
  const seen = lastSeenMs === undefined ? "" : `, last heard from ${span(nowMs - lastSeenMs)} ago`;
  return [`down${detail === "" ? "" : `: ${detail}`}${seen}`];
}

function shortages(
  view: NodeView,
  sample: LoadSample,
  { server, headroomBytes }: PlacementPolicy,
  use: ProjectedUse,
): readonly string[] {
  const { maxServers } = view.spec;
  const reasons: string[] = [];
  if (maxServers !== undefined && use.servers >= maxServers) {
    const starting = use.starting === 0 ? "" : `, ${use.starting} of them starting`;
    reasons.push(`full: ${use.servers} of at most ${count(maxServers, "server")}${starting}`);
  }
  if (view.spec.places === "jobs") return reasons;
  if (use.freeBytes - server.memoryBytes < headroomBytes) {
    const held = use.heldBytes === 0 ? "" : `, ${size(use.heldBytes)} of it held for starts under way`;
    const need = `${size(server.memoryBytes)} for the server and ${size(headroomBytes)} to spare`;
    reasons.push(`not enough memory: ${size(sample.memoryAvailableBytes)} free${held}; it takes ${need}`);
  }
  return [...reasons, ...troubles(sample)];
}

/** What is wrong with a node that may have room all the same. */
function troubles({ stateDisk, memoryPressure = 0 }: LoadSample): readonly string[] {
  const reasons: string[] = [];
  if (stateDisk !== undefined && stateDisk.freeBytes < MIN_STATE_DISK_BYTES) {
    const free = `${size(stateDisk.freeBytes)} free, it takes ${size(MIN_STATE_DISK_BYTES)}`;
    reasons.push(`the disk of its state directory is full: ${free}`);
  }
  if (memoryPressure > MAX_MEMORY_PRESSURE) {
    reasons.push(`short of memory: its tasks wait for memory ${percent(memoryPressure)} of the time`);
  }
  return reasons;
}
