import type { Log, NodeMemory } from "../../ports.ts";
import type { NodeSet } from "./node-set.ts";

/** Writes the nodes down after every change. What cannot be written is told in the log, and costs nothing but that. */
export function keepNodes(nodes: NodeSet, memory: NodeMemory, log: Log) {
  let saved = Promise.resolve();
  nodes.onChange(() => {
    saved = saved
      .then(() => memory.save(nodes.all()))
      .catch((err: unknown) => {
        log.warn({ err }, "nodes not kept: one that leaves the hosts file is forgotten at a restart");
      });
  });
  /** Resolves when all is written. */
  return { settled: () => saved };
}
