import type { Machine } from "./machine.ts";
import type { Policy } from "./policy.ts";
import { changesOf, type Change, type Session } from "./session.ts";
import { isHot } from "./tally.ts";

/** What is known of a machine's future: what it carries now, and what will change that. */
interface Future {
  bytes: number;
  busy: number;
  changes: Change[];
}

interface Price {
  /** For how long the machine is hot with the session and would not be without it. */
  readonly hotMs: number;
  /** Highest share of its scarcest resource while the session lives. */
  readonly peak: number;
}

/**
 * Knows the size and the end of every server that has arrived, by whatever way, and of the one to place; not who comes
 * next. Takes the machine that the session makes hot for the shortest time, of these the one it fills least.
 */
export function createOracle(machines: readonly Machine[]): Policy {
  const futures = machines.map((): Future => ({ bytes: 0, busy: 0, changes: [] }));
  return {
    place(session, { nowMs }) {
      const own = Object.values(changesOf(session)) as readonly Change[];
      const prices = machines.map((machine, index) => {
        const future = futures[index] as Future;
        pass(future, nowMs);
        return priceOf(machine, future, own);
      });
      return prices.reduce((best, price, index) => (isLower(price, prices[best]) ? index : best), 0);
    },
    arrived(session: Session, machine) {
      const { changes } = futures[machine] as Future;
      changes.push(...Object.values(changesOf(session)));
      changes.sort((a, b) => a.atMs - b.atMs);
    },
  };
}

function isLower(a: Price, b: Price | undefined): boolean {
  return b === undefined || a.hotMs < b.hotMs || (a.hotMs === b.hotMs && a.peak < b.peak);
}

/** What lies behind is part of what the machine carries. */
function pass(future: Future, nowMs: number): void {
  const coming = future.changes.findIndex(({ atMs }) => atMs > nowMs);
  const past = future.changes.splice(0, coming === -1 ? future.changes.length : coming);
  for (const { memoryBytes, cores } of past) {
    future.bytes += memoryBytes;
    future.busy += cores;
  }
}

/** Walks the machine's future from one moment to the next at which it, or the session, changes. */
function priceOf(machine: Machine, future: Future, own: readonly Change[]): Price {
  const theirs = follow(future);
  const mine = { bytes: 0, busy: 0 };
  let hotMs = 0;
  let peak = 0;
  for (const [index, { atMs: fromMs, memoryBytes, cores }] of own.entries()) {
    mine.bytes += memoryBytes;
    mine.busy += cores;
    const untilMs = own[index + 1]?.atMs ?? fromMs;
    for (let atMs = fromMs; atMs < untilMs;) {
      const without = theirs.at(atMs);
      const nextMs = Math.min(untilMs, without.untilMs);
      const bytes = without.bytes + mine.bytes;
      const busy = without.busy + mine.busy;
      const isMadeHot = isHot(machine, bytes, busy) && !isHot(machine, without.bytes, without.busy);
      if (isMadeHot) hotMs += nextMs - atMs;
      peak = Math.max(peak, bytes / machine.memoryBytes, busy / machine.cores);
      atMs = nextMs;
    }
  }
  return { hotMs, peak };
}

/** What the machine will carry at a moment, and until when; moments never go back. */
function follow({ bytes, busy, changes }: Future) {
  const level = { bytes, busy, untilMs: Infinity };
  let next = 0;
  return {
    at(atMs: number): Readonly<typeof level> {
      for (
        let change = changes[next];
        change !== undefined && change.atMs <= atMs;
        change = changes[++next]
      ) {
        level.bytes += change.memoryBytes;
        level.busy += change.cores;
      }
      level.untilMs = changes[next]?.atMs ?? Infinity;
      return level;
    },
  };
}
