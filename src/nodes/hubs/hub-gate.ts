import { unlessAborted } from "../../deadline.ts";
import type { NodeId } from "../../model.ts";

/** Keeps apart those who need a node's hub and those who would stop it. */
export interface HubGate {
  /** Waits while the hub is being stopped. From then on, until the answer is called, nobody begins to. */
  enter(node: NodeId, signal: AbortSignal): Promise<() => void>;
  /** Has `work` done while nobody enters; does nothing, and is undefined, while somebody is inside. */
  close<T>(node: NodeId, work: () => Promise<T>): Promise<T> | undefined;
}

export function createHubGate(): HubGate {
  const inside = new Map<NodeId, number>();
  const closed = new Map<NodeId, Promise<unknown>>();

  function leave(node: NodeId): void {
    const left = (inside.get(node) ?? 0) - 1;
    if (left > 0) inside.set(node, left);
    else inside.delete(node);
  }

  return {
    async enter(node, signal) {
      for (let run = closed.get(node); run !== undefined; run = closed.get(node))
        await unlessAborted(
          run.catch(() => undefined),
          signal,
        );
      inside.set(node, (inside.get(node) ?? 0) + 1);
      return () => {
        leave(node);
      };
    },
    close(node, work) {
      if (inside.has(node) || closed.has(node)) return undefined;
      // A step later, and the gate is closed by then: `work` sees all that was reserved before.
      const run = Promise.resolve()
        .then(work)
        .finally(() => closed.delete(node));
      closed.set(node, run);
      return run;
    },
  };
}
