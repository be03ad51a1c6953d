import { keyText } from "../../model.ts";
import type { NodeId, NodeView, ServerKey, ServerSize } from "../../model.ts";
import type { Clock } from "../../ports.ts";

/** A new server that runs, and what it is still expected to take. */
export type Growing = NodeView["growing"][number];

/** Memory that servers which run already are still expected to take: their owners' data comes after the start. */
export interface Growth {
  begin(key: ServerKey, node: NodeId, memoryBytes?: number): void;
  /** That server is gone. */
  end(key: ServerKey, node: NodeId): void;
  /** The servers that run there now, as large as they are: what they have taken is not expected any more. */
  measured(node: NodeId, sizes: readonly Pick<ServerSize, "key" | "rssBytes">[]): void;
  byNode(): ReadonlyMap<NodeId, readonly Growing[]>;
}

export interface GrowthOptions {
  /** The size a new server is expected to grow to, if nothing is known of its owner's. */
  readonly memoryBytes: number;
  /** How long that takes; 0 for never expecting any. */
  readonly growsForMs: number;
}

interface Begun {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly atMs: number;
  readonly expectedBytes: number;
  /** Absent: nobody has measured it yet, or ever does. */
  readonly measuredBytes?: number;
}

/** What is expected declines evenly, as the nodes' own figures come to show it. */
export function createGrowth(
  { clock }: { readonly clock: Pick<Clock, "now"> },
  { memoryBytes, growsForMs }: GrowthOptions,
): Growth {
  const begun = new Map<string, Begun>();

  function forgetGrown(): void {
    const sinceMs = clock.now() - growsForMs;
    for (const [text, { atMs }] of begun) if (atMs <= sinceMs) begun.delete(text);
  }

  function stillExpectedOf({ atMs, expectedBytes, measuredBytes = 0 }: Begun): number {
    const missing = Math.max(0, expectedBytes - measuredBytes);
    return Math.round(missing * (1 - (clock.now() - atMs) / growsForMs));
  }

  return {
    begin(key, node, expectedBytes = memoryBytes) {
      forgetGrown();
      if (memoryBytes > 0) begun.set(keyText(key), { key, node, atMs: clock.now(), expectedBytes });
    },
    end(key, node) {
      if (begun.get(keyText(key))?.node === node) begun.delete(keyText(key));
    },
    measured(node, sizes) {
      const there = [...begun].filter(([, each]) => each.node === node);
      if (there.length === 0) return;
      const bytesOf = new Map(sizes.map(({ key, rssBytes }) => [keyText(key), rssBytes]));
      for (const [text, each] of there) {
        const measuredBytes = bytesOf.get(text);
        if (measuredBytes !== undefined) begun.set(text, { ...each, measuredBytes });
        else if (each.measuredBytes !== undefined) begun.delete(text);
      }
    },
    byNode() {
      forgetGrown();
      const nodes = new Map<NodeId, Growing[]>();
      for (const each of begun.values()) {
        const there = nodes.get(each.node) ?? [];
        there.push({ key: each.key, memoryBytes: stillExpectedOf(each) });
        nodes.set(each.node, there);
      }
      return nodes;
    },
  };
}
