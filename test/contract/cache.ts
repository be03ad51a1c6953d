import type { Cache } from "../../src/cache-ports.ts";
import { itHasChannels } from "./channels.ts";
import { itGivesLeases } from "./leases.ts";
import { itIsAStore } from "./store.ts";

export interface CacheRig<Part = Cache> {
  readonly cache: Part;
  /** Lets that much of the cache's time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every cache promises. */
export function itIsACache(name: string, open: () => Promise<CacheRig>): void {
  itIsAStore(name, open);
  itGivesLeases(name, open);
  itHasChannels(name, open);
}
