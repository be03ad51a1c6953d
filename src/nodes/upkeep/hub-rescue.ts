import { createLoop, createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubKeeper, HubWatch, Log, Service } from "../../ports.ts";

export interface HubRescueDeps {
  readonly hubs: HubKeeper & Pick<HubWatch, "look">;
  /** The nodes on which servers run. */
  readonly inUse: () => readonly NodeId[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts a hub or its proxy again that died under its users: their servers go on, but nobody reaches them, and without
 * a visit to the first page nobody would ask for the hub either. One that runs and does not answer is not gone. One slow
 * node delays no other.
 */
export function createHubRescue(
  { hubs, inUse, clock, log }: HubRescueDeps,
  { everyMs }: { readonly everyMs: number },
): Service {
  const rescues = createSharedWork(rescue);
  const loop = createLoop("hub rescue", everyMs, lookAround, { clock, log });

  function lookAround(signal: AbortSignal): Promise<void> {
    for (const node of inUse()) rescues.join(node, signal).catch(() => undefined);
    return Promise.resolve();
  }

  async function rescue(node: NodeId, stopping: AbortSignal): Promise<void> {
    try {
      if ((await hubs.look(node, stopping)) !== "absent") return;
      log.warn({ node }, "hub is gone under its users: starting it again");
      await hubs.ensureReady(node, () => undefined, stopping);
    } catch (err) {
      stopping.throwIfAborted();
      log.debug({ err, node }, "hub not rescued yet");
    }
  }

  return {
    start: () => loop.start(),
    async stop() {
      await Promise.all([rescues.stop(), loop.stop()]);
    },
  };
}
