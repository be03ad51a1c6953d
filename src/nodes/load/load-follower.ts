import type { NodeId } from "../../model.ts";
import type { Random } from "../../ports.ts";
import type { NodeEvents } from "../cluster/cluster.ts";
import { streamLoad } from "./load-stream.ts";
import type { LoadStreamDeps, LoadStreamOptions } from "./load-stream.ts";

export interface LoadFollowerDeps extends LoadStreamDeps {
  readonly events: Pick<NodeEvents, "sampled" | "lost">;
  readonly random: Random;
}

export interface LoadFollowerOptions extends LoadStreamOptions {
  readonly minBackOffMs: number;
  readonly maxBackOffMs: number;
}

/** Follows the load of one node until it is stopped. */
export interface LoadFollower {
  stop(): Promise<void>;
  /** Ends a wait before the next try. */
  retryNow(): void;
}

/** Opens a stream within `firstDelayMs`, and another, after a growing wait, whenever one ends. */
export function followLoad(
  node: NodeId,
  deps: LoadFollowerDeps,
  options: LoadFollowerOptions,
  firstDelayMs: number,
): LoadFollower {
  const { clock, events, random } = deps;
  const stopping = new AbortController();
  let retry = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    await wait(firstDelayMs * random.next());
    while (!stopping.signal.aborted) {
      const { samples, cause } = await streamLoad(
        node,
        deps,
        options,
        (sample, order) => {
          events.sampled(node, sample, order);
        },
        stopping.signal,
      );
      if (stopping.signal.aborted) return;
      events.lost(node, cause);
      failures = samples > 0 ? 0 : failures + 1;
      await wait(backOffMs(failures));
    }
  }

  async function wait(ms: number): Promise<void> {
    retry = new AbortController();
    await clock.sleep(ms, AbortSignal.any([stopping.signal, retry.signal])).catch(() => undefined);
  }

  /** Doubling, with jitter of a half each way. */
  function backOffMs(failures: number): number {
    const { minBackOffMs, maxBackOffMs } = options;
    return Math.min(maxBackOffMs, minBackOffMs * 2 ** Math.min(failures, 20)) * (0.5 + random.next());
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
    retryNow() {
      retry.abort();
    },
  };
}
