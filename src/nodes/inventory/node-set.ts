import type { NodeId, NodeSpec } from "../../model.ts";
import type { Log } from "../../ports.ts";
import { compareHosts } from "./decide/hosts-change.ts";
import type { HostsChange } from "./decide/hosts-change.ts";
import { withLeaving } from "./decide/leaving.ts";
import type { HostsProblem } from "./decide/hosts-file.ts";

/** The nodes the hosts file last named without fault, those that left it and are not yet empty, and what is wrong with it. */
export interface NodeSet {
  /** In the order of the file, then those that are leaving. */
  all(): readonly NodeSpec[];
  find(node: NodeId): NodeSpec | undefined;
  /** Empty while `all` is what the file says. */
  problems(): readonly HostsProblem[];
  /** Calls back after each change of `all`, with the difference; returns how to stop that. */
  onChange(listener: (change: HostsChange) => void): () => void;
  /** Those that are not among them are leaving from now on. */
  adopt(specs: readonly NodeSpec[]): void;
  /** A leaving node is empty: it is gone. */
  release(node: NodeId): void;
  /** The nodes stay as they are. */
  complain(found: readonly HostsProblem[]): void;
}

/** The nodes as they were known last; `path` is the file's, for the log. */
export function createNodeSet(path: string, log: Log, known: readonly NodeSpec[] = []): NodeSet {
  const listeners = new Set<(change: HostsChange) => void>();
  let nodes = byName(known);
  let problems: readonly HostsProblem[] = [];

  function replace(specs: readonly NodeSpec[], message: string): void {
    const change = compareHosts([...nodes.values()], specs);
    nodes = byName(specs);
    if (change === undefined) return;
    log.info({ file: path, ...namesOf(change) }, message);
    for (const listener of listeners) listener(change);
  }

  return {
    all: () => [...nodes.values()],
    find: (node) => nodes.get(node),
    problems: () => problems,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    adopt(specs) {
      if (problems.length > 0) log.info({ file: path }, "hosts file is in order again");
      problems = [];
      replace(withLeaving(specs, [...nodes.values()]), "hosts file applied");
    },
    release(node) {
      if (nodes.get(node)?.isLeaving !== true) return;
      const left = [...nodes.values()].filter(({ id }) => id !== node);
      replace(left, "node is empty and leaves");
    },
    complain(found) {
      if (JSON.stringify(found) === JSON.stringify(problems)) return;
      problems = found;
      log.error({ file: path, problems }, "hosts file has problems: the nodes stay as they were");
    },
  };
}

function byName(specs: readonly NodeSpec[]): ReadonlyMap<NodeId, NodeSpec> {
  return new Map(specs.map((spec) => [spec.id, spec]));
}

function namesOf({ added, changed, removed }: HostsChange): object {
  return {
    added: added.map(({ id }) => id),
    changed: changed.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
  };
}
