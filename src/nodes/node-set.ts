import type { NodeId, NodeSpec } from "../model.ts";
import type { Log } from "../ports.ts";
import { compareHosts } from "./decide/hosts-change.ts";
import type { HostsChange } from "./decide/hosts-change.ts";
import type { HostsProblem } from "./decide/hosts-file.ts";

/** The nodes the hosts file last named without fault, and what is wrong with it now. */
export interface NodeSet {
  /** In the order of the file. */
  all(): readonly NodeSpec[];
  find(node: NodeId): NodeSpec | undefined;
  /** Empty while `all` is what the file says. */
  problems(): readonly HostsProblem[];
  /** Calls back after each change of `all`, with the difference; returns how to stop that. */
  onChange(listener: (change: HostsChange) => void): () => void;
  adopt(specs: readonly NodeSpec[]): void;
  /** The nodes stay as they are. */
  complain(found: readonly HostsProblem[]): void;
}

/** An empty set; `path` is the file's, for the log. */
export function createNodeSet(path: string, log: Log): NodeSet {
  const listeners = new Set<(change: HostsChange) => void>();
  let nodes: ReadonlyMap<NodeId, NodeSpec> = new Map();
  let problems: readonly HostsProblem[] = [];

  return {
    all: () => [...nodes.values()],
    find: (node) => nodes.get(node),
    problems: () => problems,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    adopt(specs) {
      const change = compareHosts([...nodes.values()], specs);
      if (problems.length > 0) log.info({ file: path }, "hosts file is in order again");
      problems = [];
      nodes = new Map(specs.map((spec) => [spec.id, spec]));
      if (change === undefined) return;
      log.info({ file: path, ...namesOf(change) }, "hosts file applied");
      for (const listener of listeners) listener(change);
    },
    complain(found) {
      if (JSON.stringify(found) === JSON.stringify(problems)) return;
      problems = found;
      log.error({ file: path, problems }, "hosts file has problems: the nodes stay as they were");
    },
  };
}

function namesOf({ added, changed, removed }: HostsChange): object {
  return {
    added: added.map(({ id }) => id),
    changed: changed.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
  };
}
