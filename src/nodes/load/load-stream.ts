import { unlessAborted } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { LoadSample, NodeId, NodeOrder } from "../../model.ts";
import type { Clock, NodeAgent } from "../../ports.ts";
import { parseLoadSample } from "./decide/load-sample.ts";

export interface LoadStreamDeps {
  readonly agent: Pick<NodeAgent, "stream">;
  readonly clock: Clock;
}

export interface LoadStreamOptions {
  readonly everyMs: number;
  /** A stream silent for longer is given up. */
  readonly stalledAfterMs: number;
  /** Likewise before its first sample: connecting takes its time. */
  readonly firstWithinMs: number;
}

/** How a stream of samples ended: it always does at last. */
export interface StreamEnd {
  readonly samples: number;
  readonly cause: unknown;
}

/** One stream of load samples of a node, until it fails, stalls, sends nonsense, or `signal` ends it. */
export async function streamLoad(
  node: NodeId,
  { agent, clock }: LoadStreamDeps,
  { everyMs, stalledAfterMs, firstWithinMs }: LoadStreamOptions,
  onSample: (sample: LoadSample, order: NodeOrder | undefined) => void,
  signal: AbortSignal,
): Promise<StreamEnd> {
  const giveUp = new AbortController();
  const ending = AbortSignal.any([signal, giveUp.signal]);
  let lastMs = clock.now();
  let samples = 0;

  function onItem(item: unknown): void {
    if (ending.aborted) return;
    const reading = parseLoadSample(item, clock.now());
    if (!reading.ok) {
      giveUp.abort(nonsense(node, reading.detail));
      return;
    }
    lastMs = clock.now();
    samples += 1;
    onSample(reading.sample, reading.order);
  }

  async function watch(): Promise<void> {
    while (!ending.aborted) {
      const patienceMs = samples === 0 ? firstWithinMs : stalledAfterMs;
      const leftMs = lastMs + patienceMs - clock.now();
      if (leftMs <= 0) giveUp.abort(stalled(node, patienceMs));
      else await clock.sleep(Math.min(leftMs, stalledAfterMs), ending).catch(() => undefined);
    }
  }

  const watching = watch();
  // No stream outlives its signal, even one that ignores it.
  const streaming = unlessAborted(agent.stream(node, "sample", { everyMs }, onItem, ending), ending);
  const cause = await streaming.then(() => ended(node), toCause);
  giveUp.abort();
  await watching;
  return { samples, cause };
}

function toCause(err: unknown): unknown {
  return err;
}

function nonsense(node: NodeId, detail: string): AppError {
  return new AppError("AGENT_ANSWER", `${node} sent a load sample that cannot be read: ${detail}`, {
    remedy: `run: multijhub provision ${node}`,
    node,
  });
}

function stalled(node: NodeId, patienceMs: number): AppError {
  const message = `${node} is connected or connecting, but told nothing of its load for ${patienceMs / 1000} s`;
  return new AppError("NODE_TIMEOUT", message, { remedy: `look at the load of ${node}`, node });
}

function ended(node: NodeId): AppError {
  return new AppError("AGENT_ANSWER", `the agent on ${node} stopped telling its load`, {
    remedy: `run: multijhub provision ${node}`,
    node,
  });
}
