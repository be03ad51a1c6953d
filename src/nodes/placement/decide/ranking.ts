import type { LoadSample, NodeId, NodeView } from "../../../model.ts";
import type { ProjectedUse } from "./projected-use.ts";

/** A node as it would be used, its GPUs too if the server wants any. */
export interface CandidateUse extends ProjectedUse {
  readonly gpus: number;
}

/** A node that may take the server. */
export interface Candidate {
  readonly view: NodeView;
  readonly sample: LoadSample;
  readonly use: CandidateUse;
  /** Projected use of its scarcest resource, weighted. */
  readonly score: number;
}

/** Candidates in order of merit, and why the first is the first. */
export interface Ranking {
  readonly order: readonly Candidate[];
  readonly why: string;
}

/** Nodes this close to the least used one are its equals: noise must not gather people on one of them. */
const EQUAL_WITHIN = 0.02;
/** Load averages of machines that do the same differ by as much of their size. */
const EQUAL_LOAD_WITHIN = 0.25;

/** A node's place in the ranking by what it would be used once the server runs. */
export function rate(view: NodeView, sample: LoadSample, use: CandidateUse): Candidate {
  return { view, sample, use, score: Math.max(use.memory, use.load, use.gpus) / view.spec.weight };
}

/** The node where room is held for this server already, then the equals by fewest servers, then the rest by use. */
export function rank(candidates: readonly Candidate[], heldOn?: NodeId): Ranking {
  const least = Math.min(...candidates.map(({ score }) => score));
  const equals = candidates.filter((each) => isNear(each, least)).sort(byServers);
  const rest = candidates.filter((each) => !isNear(each, least)).sort(byScore);
  const order = [...equals, ...rest];
  const held = order.find(({ view }) => view.spec.id === heldOn);
  if (held === undefined) return { order, why: whyFirst(order, equals.length) };
  const why = "room is held here for this server already";
  return { order: [held, ...order.filter((each) => each !== held)], why };
}

function isNear({ use, view }: Candidate, least: number): boolean {
  const { weight } = view.spec;
  const isMemoryNear = Math.max(use.memory, use.gpus) / weight <= least + EQUAL_WITHIN;
  return isMemoryNear && use.load / weight <= least * (1 + EQUAL_LOAD_WITHIN) + EQUAL_WITHIN;
}

function whyFirst([first, second, ...others]: readonly Candidate[], equals: number): string {
  if (first === undefined || second === undefined) return "the only node that can take this server now";
  const field = `of the ${others.length + 2} nodes that can take this server`;
  if (equals === 1) return `the least used ${field}, going by its ${scarcest(first)}`;
  if (share(first) === share(second)) return `first by name among the least used ${field}`;
  return `among the least used ${field}, the one with fewest servers`;
}

function scarcest({ view, use }: Candidate): string {
  if (use.gpus > Math.max(use.memory, use.load)) return "GPUs";
  if (view.spec.places === "jobs") return "jobs";
  return use.memory >= use.load ? "memory" : "processors";
}

function byServers(a: Candidate, b: Candidate): number {
  return share(a) - share(b) || compare(a.view.spec.id, b.view.spec.id);
}

function byScore(a: Candidate, b: Candidate): number {
  return a.score - b.score || byServers(a, b);
}

function share({ use, view }: Candidate): number {
  return use.servers / view.spec.weight;
}

/** Names in the order of their letters, whatever the locale. */
export function compare(a: NodeId, b: NodeId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
