import { keyText, type NodeId } from "../../model.ts";
import type { LeftAlone, StopMove, StopReason } from "../../plan.ts";
import { createBudget } from "./budget.ts";
import type { Idle, NotIdle } from "./idleness.ts";
import type { Outlook } from "./outlook.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { RunningServer, Situation } from "./situation.ts";
import { stopWords } from "./stop-words.ts";
import { createVerdicts } from "./verdicts.ts";

/** Why servers are to be stopped, and within what limits. */
export interface Purpose {
  readonly why: StopReason;
  /** In words. */
  readonly reason: string;
  /** It relieves their node of owners who come back: somewhere else there has to be room for them. */
  readonly isRelief: boolean;
  /** Nothing more has to be stopped. */
  isEnough(): boolean;
  /** Why stopping this one would not help, in words. */
  objection?(idle: Idle): string | undefined;
}

/** A server that stays, although it would help if it did not. */
export interface Staying extends LeftAlone {
  readonly obstacle: NotIdle["kind"] | "no help" | "capped" | "no room";
}

type Stop = Omit<StopMove, "id">;

/** The servers that are to be stopped, and those which stay. */
export interface StopList {
  readonly stops: readonly Stop[];
  /** Where owners are expected next. */
  readonly targets: ReadonlySet<NodeId>;
  /** Puts those of these servers on the list that serve the purpose and may be stopped. */
  add(servers: readonly RunningServer[], purpose: Purpose): void;
  staying(): readonly Staying[];
}

export function createStopList(situation: Situation, policy: RebalancePolicy, outlook: Outlook): StopList {
  const budget = createBudget(situation, policy);
  const stops: Stop[] = [];
  const targets = new Set<NodeId>();
  const taken = new Set<string>();
  const staying = new Map<RunningServer, Staying>();
  const verdicts = createVerdicts(situation, policy);

  /** Stops it, or says why not. */
  function consider(server: RunningServer, purpose: Purpose): Pick<Staying, "obstacle" | "why"> | undefined {
    const { key, node } = server;
    const idle = verdicts.of(server);
    if (idle.kind !== "idle") return { obstacle: idle.kind, why: idle.why };
    const objection = purpose.objection?.(idle);
    if (objection !== undefined) return { obstacle: "no help", why: `idle, but ${objection}` };
    const limit = budget.objection(key, node);
    if (limit !== undefined) return { obstacle: "capped", why: `idle, but ${limit}` };
    const target = purpose.isRelief ? outlook.targetFor(idle.memoryBytes, node) : undefined;
    if (purpose.isRelief && target === undefined) {
      return { obstacle: "no room", why: "idle, but no other node has room for it" };
    }
    take(server, idle, purpose, target);
    return undefined;
  }

  function take(server: RunningServer, idle: Idle, purpose: Purpose, target: NodeId | undefined): void {
    const { key, node } = server;
    budget.spend(key, node);
    outlook.stop(idle.memoryBytes, node, target);
    taken.add(keyText(key));
    if (target !== undefined) targets.add(target);
    stops.push(stopOf(server, idle, purpose, target));
  }

  function stopOf(server: RunningServer, idle: Idle, { why, reason }: Purpose, target?: NodeId): Stop {
    const { key, node } = server;
    const { process, sinceMs: idleSinceMs, ignoresTabs } = idle;
    const notBeforeMs = verdicts.notice(server)?.notBeforeMs ?? situation.atMs + policy.graceMs;
    const expected = target === undefined ? {} : { expectedOn: target };
    const what = { node, key, process, why, idleSinceMs, ignoresTabs, notBeforeMs, ...expected };
    const words = stopWords(what, idle.memoryBytes, situation.atMs);
    return { kind: "stop-server", ...what, reasons: [reason, ...words] };
  }

  return {
    stops,
    targets,
    add(servers, purpose) {
      for (const server of verdicts.inOrder(servers)) {
        if (purpose.isRelief) staying.delete(server);
        if (taken.has(keyText(server.key)) || purpose.isEnough()) continue;
        const obstacle = consider(server, purpose);
        if (obstacle === undefined) staying.delete(server);
        else if (purpose.isRelief) staying.set(server, { ...placeOf(server), ...obstacle });
      }
    },
    staying: () => [...staying.values()],
  };
}

function placeOf({ key, node, startedAtMs }: RunningServer) {
  return { key, node, ...(startedAtMs !== undefined && { startedAtMs }) };
}
