import { createLoop } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubKeeper, HubWatch, Log, Service } from "../../ports.ts";
import type { Keyring } from "./keyring.ts";

export interface KeyRotationDeps {
  readonly keyring: Keyring;
  readonly state: {
    listKeys(): Promise<readonly { readonly state: "in use" | "coming"; readonly createdAtMs: number }[]>;
    promoteKeys(): Promise<void>;
  };
  readonly hubs: HubKeeper & HubWatch & { isTold(node: NodeId): boolean };
  readonly nodes: () => readonly NodeId[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface KeyRotationOptions {
  /** How often the state directory is looked at. */
  readonly everyMs: number;
  /** By then whatever the former keys signed has expired or was signed anew. */
  readonly settledMs: number;
}

/**
 * Takes up keys that were put into the state directory, tells every hub that runs, one after another, and has the new
 * keys take over once all know them. A node that cannot be asked holds this up; `multijhub keys retire` does not wait.
 */
export function createKeyRotation(
  deps: KeyRotationDeps,
  { everyMs, settledMs }: KeyRotationOptions,
): Service {
  const { keyring, state, hubs, clock, log } = deps;
  let isEverybodyTold = true;
  let waitsFor = "";

  async function step(signal: AbortSignal): Promise<void> {
    if (await keyring.refresh()) {
      isEverybodyTold = false;
      log.info({}, "the router's keys have changed");
    }
    const preparedAtMs = await whenPrepared();
    if (isEverybodyTold && preparedAtMs === undefined) return;
    isEverybodyTold = await tellAll(signal);
    if (preparedAtMs === undefined || !isEverybodyTold || clock.now() < preparedAtMs + settledMs) return;
    await state.promoteKeys();
    log.info({}, "every hub knows the new keys: the former ones are gone");
  }

  /** When the youngest of the keys that come was made, by the state directory's clock, which is ours. */
  async function whenPrepared(): Promise<number | undefined> {
    const coming = (await state.listKeys()).filter((key) => key.state === "coming");
    return coming.length === 0 ? undefined : Math.max(...coming.map(({ createdAtMs }) => createdAtMs));
  }

  async function tellAll(signal: AbortSignal): Promise<boolean> {
    const untold: NodeId[] = [];
    for (const node of deps.nodes()) if (!(await isTold(node, signal))) untold.push(node);
    const silent = untold.join(" ");
    if (silent !== "" && silent !== waitsFor)
      log.warn({ nodes: untold }, "hubs that do not know the new keys");
    waitsFor = silent;
    return untold.length === 0;
  }

  /** A hub that does not run is told when it starts. */
  async function isTold(node: NodeId, signal: AbortSignal): Promise<boolean> {
    if (hubs.isTold(node)) return true;
    try {
      if ((await hubs.look(node, signal)) === "ready") await hubs.ensureReady(node, () => undefined, signal);
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  return createLoop("key rotation", everyMs, step, { clock, log });
}
