import type { Hold, Leadership, Store } from "../cache-ports.ts";
import { AppError } from "../errors.ts";
import { createLoop } from "../lifecycle.ts";
import { isAbout, type PlanRecord, type RebalanceMode, type Rebalancing } from "../plan.ts";
import type { Clock, Log, Service } from "../ports.ts";
import { type Acting, stopsLeft } from "./acting.ts";
import type { Approvals } from "./approvals.ts";
import type { NoticeBook } from "./notices.ts";
import type { PlanBook } from "./plan-book.ts";
import { notLeader, type PlanMaking, SCHEDULE } from "./plan-making.ts";
import type { Tally } from "./tally.ts";

export interface RebalancerDeps {
  readonly planning: PlanMaking;
  readonly acting: Acting;
  readonly approvals: Approvals;
  readonly book: PlanBook;
  readonly notices: Pick<NoticeBook, "all">;
  readonly store: Pick<Store, "setIfAbsent">;
  readonly leadership: Leadership;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RebalancerOptions {
  readonly mode: RebalanceMode;
  /** How often it is looked whether something has become due. */
  readonly everyMs: number;
}

export interface Rebalancer extends Rebalancing, Service {
  /** At a time of the schedule. A time is used once, by whichever router leads then. */
  readonly tick: (meantAtMs: number) => Promise<void>;
}

const DAY_MS = 86_400_000;

/** Has plans made, kept and carried out, one at a time, while this router leads. */
export function createRebalancer(deps: RebalancerDeps, { mode, everyMs }: RebalancerOptions): Rebalancer {
  const { planning, approvals, book, store, leadership, tally, clock, log } = deps;
  const stopping = new AbortController();
  const work = createWork(deps, stopping.signal);
  const rounds = createLoop("open plans", everyMs, () => work.goThroughOpen(), { clock, log });

  async function run(trigger: string, isAct: boolean): Promise<PlanRecord> {
    if (mode === "off")
      throw new AppError("REBALANCE_OFF", "rebalancing is switched off", { remedy: REMEDY_OFF });
    const hold = leadership.hold();
    if (hold === undefined) throw notLeader();
    try {
      const record = await work.begin(hold, () =>
        planning.make(trigger, isAct ? "act" : "report", hold, stopping.signal),
      );
      tally.ran(record.state === "nothing" ? "nothing" : "planned", clock.now());
      return record;
    } catch (err) {
      if (!isBusy(err)) tally.ran("failed", clock.now());
      throw err;
    }
  }

  return {
    mode,
    rehearse: (trigger) => planning.draw(trigger, mode === "off" ? "report" : mode, stopping.signal),
    run,
    find: (id) => approvals.find(id),
    plans: () => book.all(),
    async approve(id, by) {
      const record = await approvals.approve(id, by);
      await work.goThroughOpen();
      return record;
    },
    tally: () => tally.read(),
    async tick(meantAtMs) {
      if (mode === "off" || leadership.hold() === undefined) return;
      if (!(await store.setIfAbsent(`rebalancing-run:${meantAtMs}`, "taken", DAY_MS))) return;
      await run(SCHEDULE, mode === "act").catch((err: unknown) => {
        if (!isBusy(err)) throw err;
        log.info({}, "scheduled rebalancing left out, as the last is still under way");
      });
    },
    start: () => rounds.start(),
    async stop() {
      stopping.abort(new AppError("STOPPING", "the router is stopping"));
      await rounds.stop();
      await work.end();
    },
  };
}

const REMEDY_OFF = "set rebalance.mode to report or act; --dry-run works anyway";

function isBusy(err: unknown): boolean {
  return err instanceof AppError && err.code === "REBALANCE_BUSY";
}

/** Only one plan at a time is made or carried out, and only then, or between, is anything written in the book. */
function createWork(
  { acting, approvals, book, notices, leadership, clock, log }: RebalancerDeps,
  stopping: AbortSignal,
) {
  let underWay: Promise<unknown> | undefined;
  let round: Promise<void> = Promise.resolve();

  async function carryOut(record: PlanRecord, hold: Hold): Promise<void> {
    await acting.carryOut(record, hold, stopping).catch((err: unknown) => {
      if (!stopping.aborted) log.warn({ err, plan: record.plan.id }, "plan interrupted");
    });
  }

  function occupy(work: () => Promise<unknown>): void {
    underWay = work().finally(() => {
      underWay = undefined;
    });
  }

  async function whatNext(record: PlanRecord): Promise<PlanRecord> {
    if (record.state === "waiting") return approvals.review(record);
    if (record.state !== "grace") return record;
    const told = await notices.all();
    const isDue = stopsLeft(record).some((stop) => {
      const notice = told.find((each) => isAbout(each, stop));
      return notice === undefined || notice.notBeforeMs <= clock.now();
    });
    return isDue ? { ...record, state: "acting" } : record;
  }

  async function goThrough(): Promise<void> {
    const hold = leadership.hold();
    if (hold === undefined || underWay !== undefined) return;
    for (const record of (await book.open()).toReversed()) {
      const next = await whatNext(record);
      const isDue = next.state === "acting" || next.state !== record.state;
      if (!isDue || !(await hold.confirm())) continue;
      if (underWay !== undefined) return;
      if (next.state === "acting") occupy(() => carryOut(next, hold));
      else await book.save(next);
    }
  }

  return {
    /** Resolves with the plan that was made; if it is to be carried out, that goes on. Throws REBALANCE_BUSY. */
    async begin(hold: Hold, make: () => Promise<PlanRecord>): Promise<PlanRecord> {
      if (underWay !== undefined)
        throw new AppError("REBALANCE_BUSY", "a plan is being made or carried out now");
      const made = round.then(make);
      occupy(async () => {
        const record = await made.catch(() => undefined);
        if (record?.state === "acting") await carryOut(record, hold);
      });
      return made;
    },
    /** Looks after plans that something may still come of. */
    goThroughOpen(): Promise<void> {
      const done = round.then(goThrough);
      round = done.catch(() => undefined);
      return done;
    },
    async end(): Promise<void> {
      await round;
      await underWay;
    },
  };
}
