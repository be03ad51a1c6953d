import type { BigIntStats } from "node:fs";
import type { HomeLook } from "../../../home-model.ts";

/** What a home's runtime directory showed, so that it need not be read again while it is the same. */
export interface HomeMemory {
  /** The last look, if the directory has not changed since. */
  recall(key: string, directory: BigIntStats, nowMs: number): HomeLook | undefined;
  keep(key: string, directory: BigIntStats, look: HomeLook, nowMs: number): void;
}

/** A change within the same tick of the file server's clock does not show in the times of a directory. */
const TICK_MS = 2000;
/** A file rewritten in place does not show there either. */
const FULL_READ_MS = 60_000;

interface Kept {
  readonly stamp: string;
  /** When the directory was first seen so, by this machine's clock: the file server's may differ. */
  readonly sinceMs: number;
  readonly readAtMs: number;
  readonly look: HomeLook;
}

export function createHomeMemory(): HomeMemory {
  const homes = new Map<string, Kept>();
  return {
    recall(key, directory, nowMs) {
      const kept = homes.get(key);
      if (kept?.stamp !== stampOf(directory) || kept.look.unfinished.length > 0) return undefined;
      const isSettled = kept.readAtMs - kept.sinceMs >= TICK_MS;
      return isSettled && nowMs - kept.readAtMs < FULL_READ_MS ? kept.look : undefined;
    },
    keep(key, directory, look, nowMs) {
      const stamp = stampOf(directory);
      const before = homes.get(key);
      const sinceMs = before?.stamp === stamp ? before.sinceMs : nowMs;
      homes.set(key, { stamp, sinceMs, readAtMs: nowMs, look });
    },
  };
}

function stampOf({ dev, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}/${ino}/${mtimeNs}/${ctimeNs}`;
}
