import { createReports, lastReportMs } from "./machine.ts";
import type { Machine, Reports, Sample, Sampling } from "./machine.ts";
import { createAgenda, inOrder, lifeOf, type Agenda, type Moment } from "./moments.ts";
import type { Policy, Running, Scene } from "./policy.ts";
import { keyOf, type Change, type Session } from "./session.ts";
import { createTally, type Tally, type Toll } from "./tally.ts";
import { resumed, stateOf } from "./visits.ts";

/** What is replayed, the same for every policy. */
export interface Scenario {
  readonly machines: readonly Machine[];
  /** In order of arrival. */
  readonly sessions: readonly Session[];
  readonly sampling: Sampling;
  /** What lies behind is not looked at. */
  readonly endMs: number;
}

export interface Outcome extends Toll {
  readonly placed: number;
  readonly rejected: number;
  /** Came past the router. */
  readonly outside: number;
  /** Stopped by the policy, although their owners did not ask for it. */
  readonly stopped: number;
  /** Of these, those whose owners came back. */
  readonly cameBack: number;
}

/** Every moment up to the end, in order of time. */
export function momentsOf({ sessions, sampling, endMs }: Scenario): readonly Moment[] {
  const moments = sessions.flatMap((each, session) => lifeOf(each, session, sampling));
  return inOrder(moments.filter(({ atMs }) => atMs <= endMs));
}

/** A replay under way. */
interface Run {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly agenda: Agenda;
  readonly reports: Reports;
  readonly tally: Tally;
  /** Those that begin anew come after those of the scenario. */
  readonly sessions: Session[];
  /** The machine of each session. */
  readonly places: Map<number, number>;
  /** Sessions that run, and that the policy has placed. */
  readonly live: Set<number>;
  readonly counts: { placed: number; rejected: number; outside: number; stopped: number; cameBack: number };
}

/** Lets a policy place every session of a scenario, and says what became of it. No input or output, no clock. */
export function replay(scenario: Scenario, policy: Policy, moments = momentsOf(scenario)): Outcome {
  const { machines, sessions, endMs } = scenario;
  const run: Run = {
    scenario,
    policy,
    agenda: createAgenda(moments),
    reports: createReports(machines),
    tally: createTally(machines),
    sessions: [...sessions],
    places: new Map(),
    live: new Set(),
    counts: { placed: 0, rejected: 0, outside: 0, stopped: 0, cameBack: 0 },
  };
  run.agenda.add(runsOf(policy, endMs));
  for (let moment = run.agenda.next(); moment !== undefined; moment = run.agenda.next()) pass(run, moment);
  return { ...run.counts, ...run.tally.toll(endMs) };
}

function pass(run: Run, moment: Moment): void {
  if (moment.step === "rebalances") rebalance(run, moment.atMs);
  const session = run.sessions[moment.session];
  if (session === undefined) return;
  if (moment.step === "arrives") arrive(run, session, moment.session);
  const machine = run.places.get(moment.session);
  if (machine === undefined) return;
  if (moment.change !== undefined) apply(run, machine, moment.session, moment.change);
  if (session.outsideOn === undefined) tell(run, session, machine, moment);
}

function look({ scenario: { machines, sampling }, reports }: Run, nowMs: number): Scene {
  const takenAtMs = lastReportMs(nowMs, sampling);
  function samples(): readonly Sample[] {
    return machines.map((_, index) => reports.sample(index, takenAtMs));
  }
  return { nowMs, machines, samples };
}

function arrive(run: Run, session: Session, index: number): void {
  const { policy, counts, scenario, places } = run;
  const machine = session.outsideOn ?? policy.place(session, look(run, session.atMs));
  const isBack = index >= scenario.sessions.length;
  if (isBack) counts.cameBack++;
  if (machine === undefined) counts.rejected++;
  else if (!isBack) counts[session.outsideOn === undefined ? "placed" : "outside"]++;
  if (machine === undefined) return;
  places.set(index, machine);
  policy.arrived?.(session, machine);
}

function apply({ sessions, reports, tally }: Run, machine: number, index: number, change: Change): void {
  const session = sessions[index] as Session;
  reports.note(machine, change, session.outsideOn === undefined ? keyOf(session) : undefined);
  tally.change(machine, index, change);
}

function tell({ policy, live, scenario }: Run, session: Session, index: number, moment: Moment): void {
  const machine = scenario.machines[index] as Machine;
  if (moment.step === "starts") {
    live.add(moment.session);
    policy.started?.(session, machine, moment.atMs);
  } else if (moment.step === "reported") {
    policy.reported?.(machine, moment.atMs);
  } else if (moment.step === "ends") {
    live.delete(moment.session);
    policy.ended?.(index);
  }
}

function rebalance(run: Run, nowMs: number): void {
  const running = [...run.live].map((index): Running => {
    const session = run.sessions[index] as Session;
    return { index, session, machine: run.places.get(index) as number, ...stateOf(session, nowMs) };
  });
  for (const index of run.policy.rebalance?.(running, look(run, nowMs)) ?? []) stop(run, index, nowMs);
}

/** Its memory is free again; an owner who comes back before it would have ended begins anew. */
function stop(run: Run, index: number, nowMs: number): void {
  const { scenario, sessions, places, live, counts, agenda } = run;
  const session = sessions[index] as Session;
  const machine = places.get(index) as number;
  const { memoryBytes } = stateOf(session, nowMs);
  apply(run, machine, index, { atMs: nowMs, memoryBytes: -memoryBytes, cores: 0, servers: -1 });
  places.delete(index);
  live.delete(index);
  counts.stopped++;
  run.policy.ended?.(machine);
  const anew = resumed(session, nowMs);
  if (anew === undefined) return;
  const life = lifeOf(anew, sessions.push(anew) - 1, scenario.sampling);
  agenda.add(life.filter(({ atMs }) => atMs <= scenario.endMs));
}

/** When a policy looks at what runs. */
function runsOf({ rebalancesEveryMs = Infinity }: Policy, endMs: number): readonly Moment[] {
  const runs = Math.floor(endMs / rebalancesEveryMs);
  return Array.from({ length: runs }, (_, run) => ({
    atMs: (run + 1) * rebalancesEveryMs,
    session: -1,
    step: "rebalances",
  }));
}
