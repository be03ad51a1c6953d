import { z } from "zod";
import { within } from "../deadline.ts";
import { createSharedWork } from "../lifecycle.ts";
import type { ForeignJupyter } from "../home-model.ts";
import type { NodeId, UserName } from "../model.ts";
import type { Clock, ForeignJupyters, NodeAgent } from "../ports.ts";
import { lastRead } from "./decide/home-evidence.ts";
import { answering } from "./decide/report.ts";
import { fanOut } from "./fan-out.ts";
import type { Homes } from "./locate.ts";
import type { Survey } from "./survey.ts";

export interface ForeignJupytersDeps {
  readonly homes: Pick<Homes, "reading">;
  readonly survey: Pick<Survey, "reports">;
  readonly agent: Pick<NodeAgent, "call">;
  readonly clock: Clock;
}

export interface ForeignJupytersOptions {
  /** How long asking all nodes may take; those that are later count as not having it. */
  readonly lookMs: number;
  /** How long an answer is good for. */
  readonly keepMs: number;
}

const Answer = z.object({ jupyters: z.array(z.object({ pid: z.int().positive() })) });

/** However often the names in a home change, all nodes are not asked for them more often. */
const REST_MS = 5000;

/** Finds the nodes on which a user's own Jupyters run: their homes tell pids, and no more. */
export function createForeignJupyters(
  { homes, survey, agent, clock }: ForeignJupytersDeps,
  { lookMs, keepMs }: ForeignJupytersOptions,
): ForeignJupyters {
  const kept = new Map<UserName, { readonly pids: string; readonly found: Found; readonly atMs: number }>();
  const looking = createSharedWork(look);

  async function look(user: UserName, stopping: AbortSignal): Promise<Found> {
    const found = new Map<number, NodeId>();
    const pids = pidsOf(user);
    const nodes = answering(survey.reports());
    async function ask(node: NodeId, signal: AbortSignal): Promise<void> {
      const answer = Answer.safeParse(await agent.call(node, "own-jupyters", { user, pids }, signal)).data;
      for (const { pid } of answer?.jupyters ?? []) if (pids.includes(pid)) found.set(pid, node);
    }
    const limits = { signal: stopping, deadline: clock.deadline(lookMs) };
    await within(limits, (signal) => fanOut(nodes, 32, (node) => ask(node, signal))).catch(() => undefined);
    kept.set(user, { pids: pids.join(), found, atMs: clock.now() });
    return found;
  }

  function pidsOf(user: UserName): readonly number[] {
    return lastRead(homes.reading(user))?.foreign ?? [];
  }

  function known(user: UserName, pids: readonly number[]): Found | undefined {
    const now = clock.now();
    for (const [name, { atMs }] of kept) if (now - atMs >= keepMs) kept.delete(name);
    const last = kept.get(user);
    const isGood = last !== undefined && (last.pids === pids.join() || now - last.atMs < REST_MS);
    return isGood ? last.found : undefined;
  }

  return {
    async of(user, signal) {
      const pids = pidsOf(user);
      if (pids.length === 0) return [];
      const found = known(user, pids) ?? (await looking.join(user, signal));
      return pids.map((pid): ForeignJupyter => {
        const node = found.get(pid);
        return node === undefined ? { pid } : { pid, node };
      });
    },
  };
}

type Found = ReadonlyMap<number, NodeId>;
