/** Remembers which homes, and which directories of homes, have not answered, and when they may be asked again. */
export interface HangBook {
  /** Milliseconds for which the home had better not be asked; 0: ask it now, and tell how that went. */
  waitMs(place: Place, nowMs: number): number;
  hung(place: Place, nowMs: number): void;
  answered(place: Place): void;
}

/** A home, and the directory it stands in: homes side by side are mostly on one file server. */
export interface Place {
  readonly home: string;
  readonly parent: string;
}

interface Delay {
  readonly untilMs: number;
  readonly delayMs: number;
}

/**
 * A home that hangs is asked again after a delay that doubles. When a second one beside it hangs and none answered in
 * between, so do all its neighbours: one of them at a time is asked, so that a hung mount costs one hang a delay.
 */
export function createHangBook({
  firstMs,
  maxMs,
}: {
  readonly firstMs: number;
  readonly maxMs: number;
}): HangBook {
  const delays = new Map<string, Delay>();
  /** Of each directory, the homes that hung since one of them answered. */
  const hanging = new Map<string, Set<string>>();

  function left(path: string, nowMs: number): number {
    return Math.max(0, (delays.get(path)?.untilMs ?? 0) - nowMs);
  }

  function delay(path: string, nowMs: number): void {
    const before = delays.get(path);
    const delayMs = before === undefined ? firstMs : Math.min(maxMs, before.delayMs * 2);
    delays.set(path, { untilMs: nowMs + delayMs, delayMs });
  }

  return {
    waitMs({ home, parent }, nowMs) {
      const waitMs = Math.max(left(home, nowMs), left(parent, nowMs));
      const neighbours = delays.get(parent);
      // Whoever is let through asks for all the others.
      if (waitMs === 0 && neighbours !== undefined) {
        delays.set(parent, { ...neighbours, untilMs: nowMs + neighbours.delayMs });
      }
      return waitMs;
    },
    hung({ home, parent }, nowMs) {
      delay(home, nowMs);
      const neighbours = hanging.get(parent) ?? new Set();
      hanging.set(parent, neighbours.add(home));
      if (neighbours.size > 1) delay(parent, nowMs);
    },
    answered({ home, parent }) {
      delays.delete(home);
      delays.delete(parent);
      hanging.delete(parent);
    },
  };
}
