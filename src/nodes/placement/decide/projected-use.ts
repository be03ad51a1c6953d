import type { LoadSample, NodeSpec, NodeView, ServerKey } from "../../../model.ts";

const UNLIMITED_JOBS = 100;

/** What a server that starts is expected to take. */
export interface ExpectedServer {
  readonly memoryBytes: number;
  /** What it is expected to grow to, where its owner is known. */
  readonly learntBytes?: number;
  readonly cores: number;
}

/** A node as it would be once the server, and those whose starts are under way, run, and new ones have grown. */
export interface ProjectedUse {
  /** Share of the memory in use; above 1 where new servers may grow beyond it. Of its jobs, on a node that places jobs. */
  readonly memory: number;
  /** Load per core. */
  readonly load: number;
  /** Free now, less what is held for starts under way. */
  readonly freeBytes: number;
  readonly heldBytes: number;
  /** What servers that run already are still expected to take; not taken off what is free. */
  readonly growthBytes: number;
  readonly growing: number;
  /** Starts under way, other than this one. */
  readonly starting: number;
  /** Running and starting, without this one. */
  readonly servers: number;
}

/** Projects a node's use; what is held or expected for the very server asked about does not count. */
export function projectUse(
  view: Pick<NodeView, "spec" | "listedServers" | "reservations" | "growing">,
  sample: LoadSample,
  key: ServerKey,
  expected: ExpectedServer,
): ProjectedUse {
  const { spec, reservations, growing, listedServers = sample.servers } = view;
  const others = without(reservations, key);
  const grows = without(growing, key);
  const heldBytes = sum(others);
  const growthBytes = sum(grows);
  const freeBytes = sample.memoryAvailableBytes - heldBytes;
  const ownBytes = Math.max(expected.memoryBytes, expected.learntBytes ?? 0);
  const usedBytes = sample.memoryTotalBytes - freeBytes + growthBytes + ownBytes;
  const loadAfter = sample.load1 + (others.length + 1) * expected.cores;
  const use = {
    memory: usedBytes / sample.memoryTotalBytes,
    load: loadAfter / sample.cores,
    freeBytes,
    heldBytes,
    growthBytes,
    growing: grows.length,
    starting: others.length,
    servers: listedServers + others.length,
  };
  return spec.places === "jobs" ? { ...use, memory: (use.servers + 1) / jobsOf(spec), load: 0 } : use;
}

/** How many jobs count as a node's all. Without a limit that is a guess, for comparison only. */
function jobsOf({ maxServers }: NodeSpec): number {
  return maxServers === undefined ? UNLIMITED_JOBS : Math.max(1, maxServers);
}

function without<T extends { readonly key: ServerKey }>(list: readonly T[], key: ServerKey): readonly T[] {
  return list.filter((each) => each.key.user !== key.user || each.key.server !== key.server);
}

function sum(list: readonly { readonly memoryBytes: number }[]): number {
  return list.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
}
