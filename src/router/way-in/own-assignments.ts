import { keyText, type NodeId, type ServerKey } from "../../model.ts";
import type { Clock } from "../../ports.ts";

interface OwnAssignment {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly untilMs: number;
}

/** What this router decided itself, for as long as it holds. */
export function createOwnAssignments(clock: Clock) {
  const kept = new Map<string, OwnAssignment>();

  return {
    all() {
      const now = clock.now();
      for (const [name, { untilMs }] of kept) if (untilMs <= now) kept.delete(name);
      return [...kept.values()].map(({ key, node, untilMs }) => ({ key, node, leftMs: untilMs - now }));
    },
    get(key: ServerKey): NodeId | undefined {
      const entry = kept.get(keyText(key));
      return entry !== undefined && entry.untilMs > clock.now() ? entry.node : undefined;
    },
    set: (key: ServerKey, node: NodeId, forMs: number) =>
      kept.set(keyText(key), { key, node, untilMs: clock.now() + forMs }),
    delete: (key: ServerKey) => kept.delete(keyText(key)),
  };
}
