import type { HomeReading } from "../home-model.ts";
import type { Location } from "../sighting.ts";
import type { NodeId, ServerKey, UserName } from "../model.ts";
import type { Clock, Locator } from "../ports.ts";
import { nodesNamed } from "./decide/home-evidence.ts";
import { locate, type Memory } from "./decide/locate.ts";
import { asks, type Question } from "./decide/question.ts";
import { keysIn, lastAnswer } from "./decide/report.ts";
import { createEvidence, type EvidenceDeps, type EvidenceOptions } from "./evidence.ts";
import type { LastSeen } from "./last-seen.ts";

/** What is known of the users' homes. */
export interface Homes {
  /** The last word; absent before the first look. */
  reading(user: UserName): HomeReading | undefined;
  /** Looks again unless the last look is younger; absent where the router does not read homes. */
  refresh(user: UserName, maxAgeMs: number, signal: AbortSignal): Promise<HomeReading | undefined>;
  /** Of every home that was looked at. */
  readings(): ReadonlyMap<UserName, HomeReading>;
}

/** Of a router that does not read homes. */
export const NO_HOMES: Homes = {
  reading: () => undefined,
  refresh: () => Promise.resolve(undefined),
  readings: () => new Map(),
};

export interface LocatorDeps extends EvidenceDeps {
  readonly homes: Homes;
  readonly lastSeen: Pick<LastSeen, "recall">;
  /** The node a start was assigned to lately, by any router. */
  readonly assigned: (key: ServerKey) => Promise<NodeId | undefined>;
  readonly clock: Clock;
}

export interface LocatorOptions extends EvidenceOptions {
  /** A home that was looked at longer ago is looked at again before anybody is told that nothing runs. */
  readonly homeFreshMs: number;
  /** How long asking may take in all. */
  readonly lookMs: number;
}

/**
 * Finds servers by what the nodes answer now: first where they are likely, and before it says none by the user's home
 * and everywhere.
 */
export function createLocator(deps: LocatorDeps, options: LocatorOptions): Locator {
  const { survey, homes, lastSeen, assigned, clock } = deps;
  const gather = createEvidence(deps, options);

  async function find(question: Question, memory: Memory, caller: AbortSignal): Promise<Location> {
    const signal = AbortSignal.any([caller, clock.deadline(options.lookMs)]);
    const known = homes.reading(question.user);
    const likely = likelyNodes(question, memory, known);
    if (likely.length > 0) {
      const evidence = await gather({ question, memory, home: known, asked: likely }, signal);
      const location = locate(evidence, question);
      if (location.kind === "found" && likely.includes(location.sighting.node)) return location;
    }
    // Home and nodes are asked at the same time; nodes that the home names are asked again after it.
    const [home] = await Promise.all([
      lookHome(question.user, known, signal),
      survey.refresh(survey.nodes(), options.freshMs, signal),
    ]);
    const evidence = await gather({ question, memory, home, asked: survey.nodes() }, signal);
    caller.throwIfAborted();
    return locate(evidence, question);
  }

  /** Where the server was seen, is remembered, or is named by the home. */
  function likelyNodes(question: Question, memory: Memory, home: HomeReading | undefined): readonly NodeId[] {
    const named = nodesNamed(home, question);
    return survey.nodes().filter((node) => {
      const last = lastAnswer(survey.reports().get(node));
      const wasSeen = last !== undefined && keysIn(last).some((key) => asks(question)({ key }));
      return wasSeen || named.has(node) || memory.mentioned.has(node);
    });
  }

  async function lookHome(user: UserName, known: HomeReading | undefined, signal: AbortSignal) {
    return homes.refresh(user, options.homeFreshMs, signal).catch(() => known);
  }

  return {
    async locate(key, signal) {
      const memory = await lastSeen.recall(key);
      const node = await assigned(key);
      const mentioned = new Set([...memory.mentioned, ...(node === undefined ? [] : [node])]);
      return find(key, { ...memory, mentioned }, signal);
    },
    async locateAll(user, signal) {
      return find({ user }, await lastSeen.recall({ user }), signal);
    },
    lookAfresh: (nodes, signal) => survey.refresh(nodes, 0, signal),
  };
}
