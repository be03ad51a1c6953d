import type { NodeId } from "../../model.ts";
import type { Service } from "../../ports.ts";
import { followLoad } from "./load-follower.ts";
import type { LoadFollower, LoadFollowerDeps, LoadFollowerOptions } from "./load-follower.ts";
import type { NodeSet } from "../inventory/node-set.ts";

export interface LoadSamplerDeps extends LoadFollowerDeps {
  readonly hosts: Pick<NodeSet, "all" | "onChange">;
}

export type LoadSamplerOptions = Pick<LoadFollowerOptions, "everyMs"> & Partial<LoadFollowerOptions>;

export interface LoadSampler extends Service {
  /** The node can be reached again: its next try need not wait. */
  retryNow(node: NodeId): void;
}

/** Nodes are asked one after another at the start, so that many do not connect in the same moment. */
const START_GAP_MS = 10;

/** Keeps one stream of load samples open to every node of the hosts file, whatever comes between. */
export function createLoadSampler(deps: LoadSamplerDeps, given: LoadSamplerOptions): LoadSampler {
  const { hosts } = deps;
  const options = withDefaults(given);
  const followers = new Map<NodeId, LoadFollower>();
  const leaving = new Set<Promise<void>>();
  let unsubscribe: (() => void) | undefined;

  function add(node: NodeId): void {
    followers.set(node, followLoad(node, deps, options, START_GAP_MS * hosts.all().length));
  }

  function drop(node: NodeId): void {
    const stopped = followers.get(node)?.stop() ?? Promise.resolve();
    followers.delete(node);
    const left = stopped.finally(() => leaving.delete(left));
    leaving.add(left);
  }

  return {
    start() {
      if (unsubscribe !== undefined) return Promise.resolve();
      unsubscribe = hosts.onChange(({ added, moved, removed }) => {
        for (const { id } of [...removed, ...moved]) drop(id);
        for (const { id } of [...added, ...moved]) add(id);
      });
      for (const { id } of hosts.all()) add(id);
      return Promise.resolve();
    },
    async stop() {
      unsubscribe?.();
      unsubscribe = undefined;
      for (const node of [...followers.keys()]) drop(node);
      await Promise.all(leaving);
    },
    retryNow(node) {
      followers.get(node)?.retryNow();
    },
  };
}

function withDefaults(given: LoadSamplerOptions): LoadFollowerOptions {
  return {
    stalledAfterMs: Math.max(10_000, 5 * given.everyMs),
    firstWithinMs: Math.max(30_000, 5 * given.everyMs),
    minBackOffMs: 500,
    maxBackOffMs: 15_000,
    ...given,
  };
}
