import type { NodeId, ServerName } from "../../../model.ts";

/** What the latest servers of one user took, the latest last. */
export type SizeHistory = readonly ServerRun[];

/** One server, from when it was first measured to when it was last. */
interface ServerRun {
  readonly server: ServerName;
  readonly node: NodeId;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The most it was measured to take. */
  readonly peakBytes: number;
}

/** What a user's servers are taken to be, whatever is measured: a user may make a server of any size. */
export interface SizeBounds {
  readonly leastBytes: number;
  readonly mostBytes: number;
}

const MOST_RUNS = 8;
/** Measured again after a longer pause, it is another server. */
const PAUSE_MS = 10 * 60_000;
/** One that was stopped sooner says nothing: its owner's data was not loaded yet. */
const TELLING_MS = 5 * 60_000;
/** After so long a server counts half. */
const HALF_LIFE_MS = 7 * 86_400_000;
const FORGOTTEN_MS = 60 * 86_400_000;
/** So much of what counts was no larger than what is expected. */
const SHARE = 0.8;

export type Measured = Pick<ServerRun, "server" | "node"> & { readonly bytes: number };

/** The history with one more measurement. */
export function noteSize(
  history: SizeHistory,
  { server, node, bytes }: Measured,
  nowMs: number,
): SizeHistory {
  const run = history.find(
    (each) => each.server === server && each.node === node && nowMs - each.lastMs < PAUSE_MS,
  );
  const others = history.filter((each) => each !== run && nowMs - each.lastMs < FORGOTTEN_MS);
  const { firstMs = nowMs, peakBytes = 0 } = run ?? {};
  const latest = { server, node, firstMs, lastMs: nowMs, peakBytes: Math.max(peakBytes, bytes) };
  return [...others, latest].slice(-MOST_RUNS);
}

/** What the user's next server is expected to take: what most of the latest ones did not exceed. */
export function expectedBytes(
  history: SizeHistory,
  { leastBytes, mostBytes }: SizeBounds,
  nowMs: number,
): number | undefined {
  const telling = history.filter(({ firstMs, lastMs }) => lastMs - firstMs >= TELLING_MS);
  const weighed = telling.map(({ peakBytes, lastMs }) => ({
    peakBytes,
    weight: 0.5 ** (Math.max(0, nowMs - lastMs) / HALF_LIFE_MS),
  }));
  const wanted = SHARE * weighed.reduce((sum, { weight }) => sum + weight, 0);
  let weight = 0;
  for (const run of weighed.sort((a, b) => a.peakBytes - b.peakBytes)) {
    weight += run.weight;
    if (weight >= wanted) return Math.max(leastBytes, Math.min(mostBytes, run.peakBytes));
  }
  return undefined;
}
