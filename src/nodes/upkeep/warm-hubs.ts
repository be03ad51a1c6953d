import { createLoop, createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubKeeper, Log, Service } from "../../ports.ts";

export interface WarmHubsDeps {
  readonly keeper: HubKeeper;
  /** The nodes whose hubs shall run although nobody has asked for them; lobbies, for instance. */
  readonly nodes: () => readonly NodeId[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface WarmHubs extends Service {
  /** Whether the hub was ready when it was looked at last. */
  isReady(node: NodeId): boolean;
}

/** Starts the hubs of some nodes before anybody waits for them, and again should they be gone. */
export function createWarmHubs(
  { keeper, nodes, clock, log }: WarmHubsDeps,
  { everyMs }: { readonly everyMs: number },
): WarmHubs {
  const ready = new Set<NodeId>();
  const warming = createSharedWork(warm);
  const loop = createLoop("warm hubs", everyMs, warmAll, { clock, log });

  /** One slow node delays no other. */
  function warmAll(signal: AbortSignal): Promise<void> {
    const wanted = nodes();
    for (const node of ready) if (!wanted.includes(node)) ready.delete(node);
    for (const node of wanted) warming.join(node, signal).catch(() => undefined);
    return Promise.resolve();
  }

  async function warm(node: NodeId, signal: AbortSignal): Promise<void> {
    const wasReady = ready.has(node);
    try {
      await keeper.ensureReady(node, () => undefined, signal);
      ready.add(node);
    } catch (err) {
      signal.throwIfAborted();
      ready.delete(node);
      // A node that stays away is said once; the cluster view says it all the time.
      if (wasReady) log.warn({ err, node }, "hub that is kept warm is not ready");
      else log.debug({ err, node }, "hub that is kept warm is not ready yet");
    }
  }

  return {
    isReady: (node) => ready.has(node),
    start: () => loop.start(),
    async stop() {
      await Promise.all([warming.stop(), loop.stop()]);
    },
  };
}
