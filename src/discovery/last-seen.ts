import type { NodeId, UserName } from "../model.ts";
import type { Store } from "../cache-ports.ts";
import type { Clock, Log } from "../ports.ts";
import type { Memory } from "./decide/locate.ts";
import type { Question } from "./decide/question.ts";
import { answering, type Report } from "./decide/report.ts";
import {
  type Mention,
  mentionedIn,
  mentionsByUser,
  parseCoverage,
  parseWhereabouts,
  updateWhereabouts,
  type Whereabouts,
} from "./decide/whereabouts.ts";

export interface LastSeen {
  /** Keeps what a round has shown; after a loss of the store everything is written again. Never throws. */
  readonly record: (reports: ReadonlyMap<NodeId, Report>) => Promise<void>;
  /** The store may have lost what was written: the next round writes all of it. */
  readonly rewrite: () => Promise<void>;
  /** What is remembered about a question; nothing while the store is away. */
  recall(question: Question): Promise<Memory>;
}

const COVERAGE = "last-seen-coverage";

/**
 * Remembers for days where every user's servers were seen last, and of which nodes all servers are remembered. This
 * only ever keeps `locate` from saying "none" too early: losing it costs certainty about dead nodes, nothing else.
 */
export function createLastSeen(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  { keepMs }: { readonly keepMs: number },
): LastSeen {
  /** What this router has written and when, to write changes only, and again long before it expires. */
  const written = new Map<UserName, { readonly text: string; readonly atMs: number }>();

  async function writeChanges(reports: ReadonlyMap<NodeId, Report>): Promise<void> {
    const coverage = parseCoverage(await store.get(COVERAGE));
    if (coverage.length === 0) written.clear();
    const mentions = mentionsByUser(reports);
    for (const user of new Set([...written.keys(), ...mentions.keys()])) {
      const own = mentions.get(user) ?? [];
      const text = JSON.stringify(own);
      const known = written.get(user);
      if (known?.text === text && clock.now() - known.atMs < keepMs / 4) continue;
      if (await writeOne(user, own, reports)) written.set(user, { text, atMs: clock.now() });
    }
    const covered = [...new Set([...coverage, ...answering(reports)])].toSorted();
    await store.set(COVERAGE, JSON.stringify(covered), keepMs);
  }

  /** False if nothing is left to remember. */
  async function writeOne(
    user: UserName,
    mentions: readonly Mention[],
    reports: ReadonlyMap<NodeId, Report>,
  ): Promise<boolean> {
    const after = updateWhereabouts(await read(user), mentions, reports);
    if (Object.keys(after).length > 0) {
      // Twice as long as the coverage, which must not outlive what it speaks of.
      await store.set(keyOf(user), JSON.stringify(after), 2 * keepMs);
      return true;
    }
    await store.delete(keyOf(user));
    written.delete(user);
    return false;
  }

  async function read(user: UserName): Promise<Whereabouts> {
    return parseWhereabouts(await store.get(keyOf(user)));
  }

  return {
    async record(reports) {
      try {
        await writeChanges(reports);
      } catch (err) {
        // The watch over the cache says so, once.
        log.debug({ err }, "last seen places not kept");
        written.clear();
      }
    },
    rewrite() {
      written.clear();
      return Promise.resolve();
    },
    async recall(question) {
      try {
        const mentioned = new Set(mentionedIn(await read(question.user), question));
        return { mentioned, covered: new Set(parseCoverage(await store.get(COVERAGE))) };
      } catch {
        return { mentioned: new Set(), covered: new Set() };
      }
    },
  };
}

function keyOf(user: UserName): string {
  return `last-seen:${user}`;
}
