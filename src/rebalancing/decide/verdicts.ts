import { keyText } from "../../model.ts";
import { isAbout, type StopNotice } from "../../plan.ts";
import { judge, type Idle, type NotIdle } from "./idleness.ts";
import type { RebalancePolicy } from "./policy.ts";
import type { RunningServer, Situation } from "./situation.ts";

/** What every server of a situation was found to be, looked at once. */
export interface Verdicts {
  of(server: RunningServer): Idle | NotIdle;
  /** What its owner was told, if nothing has happened in the server since. */
  notice(server: RunningServer): StopNotice | undefined;
  /**
   * Those whose owners were told come first, then those that have kept most memory idle for longest; after all others
   * those that did not stop when they were asked: what they say of themselves may be wrong.
   */
  inOrder(servers: readonly RunningServer[]): readonly RunningServer[];
}

export function createVerdicts(situation: Situation, policy: RebalancePolicy): Verdicts {
  const { atMs, servers: all, notices, past } = situation;
  const refusers = new Set(past.refusals?.map(placeText));
  const verdicts = new Map(all.map((server) => [server, judge(server, situation, policy)]));

  function of(server: RunningServer): Idle | NotIdle {
    return verdicts.get(server) ?? judge(server, situation, policy);
  }

  function notice(server: RunningServer): StopNotice | undefined {
    const idle = of(server);
    if (idle.kind !== "idle") return undefined;
    return notices.find((each) => isAbout(each, server) && each.sinceMs >= idle.sinceMs);
  }

  function rank(server: RunningServer) {
    const idle = of(server);
    const waste = idle.kind === "idle" ? idle.memoryBytes * (atMs - idle.sinceMs) : 0;
    const refused = Number(refusers.has(placeText(server)));
    return { server, waste, refused, told: Number(notice(server) !== undefined) };
  }

  return {
    of,
    notice,
    inOrder(servers) {
      const ranked = servers.map(rank);
      ranked.sort(
        (a, b) => a.refused - b.refused || b.told - a.told || b.waste - a.waste || byKey(a.server, b.server),
      );
      return ranked.map(({ server }) => server);
    },
  };
}

function placeText({ key, node }: Pick<RunningServer, "key" | "node">): string {
  return `${keyText(key)} ${node}`;
}

/** An order of servers that does not depend on how they were found. */
export function byKey(a: RunningServer, b: RunningServer): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

function nameOf({ key, node, process }: RunningServer): string {
  return `${keyText(key)} ${node} ${process?.pid ?? ""}`;
}
