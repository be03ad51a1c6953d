import { nextReportMs, type Sampling } from "./machine.ts";
import { changesOf, type Change, type Session, type Step } from "./session.ts";

/** A moment in a session's life; unless somebody stops it, the same one whatever a policy decides. */
export interface Moment {
  readonly atMs: number;
  /** Its number; that of none, where a policy looks at all of them. */
  readonly session: number;
  readonly step: Step | "arrives" | "reported" | "rebalances";
  readonly change?: Change;
}

/** At one time, what makes room comes before what takes it. */
const ORDER = { ends: 0, calms: 1, starts: 2, reported: 3, rebalances: 4, grows: 5, arrives: 6 } as const;
/** The router trusts a report about a start that was taken this long after it. */
const SETTLE_MS = 500;

/** The moments of one session, which has this number. */
export function lifeOf(each: Session, session: number, sampling: Sampling): readonly Moment[] {
  const changes = changesOf(each);
  const steps = (Object.entries(changes) as [Step, Change][]).map(([step, change]) => ({
    atMs: change.atMs,
    session,
    step,
    change,
  }));
  const reportedMs = nextReportMs(changes.starts.atMs + SETTLE_MS, sampling);
  return [
    { atMs: each.atMs, session, step: "arrives" },
    { atMs: reportedMs, session, step: "reported" },
    ...steps,
  ];
}

/** Moments in order of time. More can be added while they are gone through. */
export interface Agenda {
  next(): Moment | undefined;
  /** Only what is still to come. */
  add(moments: readonly Moment[]): void;
}

export function inOrder(moments: readonly Moment[]): readonly Moment[] {
  return [...moments].sort(compare);
}

/** Goes through moments that are in order. */
export function createAgenda(moments: readonly Moment[]): Agenda {
  let done = 0;
  let added: Moment[] = [];
  return {
    next() {
      const [planned, extra] = [moments[done], added[0]];
      if (extra !== undefined && (planned === undefined || compare(extra, planned) < 0)) return added.shift();
      done++;
      return planned;
    },
    add(more) {
      added = [...added, ...more].sort(compare);
    },
  };
}

function compare(a: Moment, b: Moment): number {
  return a.atMs - b.atMs || ORDER[a.step] - ORDER[b.step] || a.session - b.session;
}
