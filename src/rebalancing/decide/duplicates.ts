import { keyText } from "../../model.ts";
import type { RunningServer } from "./situation.ts";
import { byKey } from "./verdicts.ts";

/** A server whose owner has another one of the same name, which is used more. */
export interface Duplicate {
  readonly server: RunningServer;
  readonly other: RunningServer;
}

/** Of each name all but the one in use, the one used last, or the one started last. */
export function duplicatesOf(servers: readonly RunningServer[]): readonly Duplicate[] {
  const groups = new Map<string, RunningServer[]>();
  for (const server of servers) {
    const text = keyText(server.key);
    groups.set(text, [...(groups.get(text) ?? []), server]);
  }
  const duplicates = [...groups.values()].flatMap((group) => {
    const [kept, ...others] = group.length === 1 ? group : group.sort(byKey).sort(byUse);
    return others.map((server) => ({ server, other: kept as RunningServer }));
  });
  return duplicates.sort((a, b) => byKey(a.server, b.server));
}

/** What says nothing of itself, or is in use, comes first. */
function byUse(a: RunningServer, b: RunningServer): number {
  return lastUseMs(b) - lastUseMs(a) || (b.startedAtMs ?? 0) - (a.startedAtMs ?? 0);
}

function lastUseMs({ activity }: RunningServer): number {
  return activity?.idleSinceMs ?? Number.MAX_VALUE;
}
