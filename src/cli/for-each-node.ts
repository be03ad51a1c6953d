import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { startAll } from "../lifecycle.ts";
import { parseNodeId, type NodeId } from "../model.ts";
import { createNodeReach, type NodeReach } from "../composition/node-reach.ts";
import { createLog, createSystemClock, createSystemRandom } from "../system.ts";

/** What became of one node: a result, or the error. */
export type NodeOutcome<T> =
  | { readonly node: NodeId; readonly result: T; readonly error?: undefined }
  | { readonly node: NodeId; readonly result?: undefined; readonly error: NodeFailure };

interface NodeFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface NodeSelection {
  readonly nodes: readonly string[];
  readonly all: boolean;
}

const AT_ONCE = 16;

/**
 * Acts on the named nodes, or all, 16 at a time, over connections of its own: no running router is needed.
 * One node that fails does not keep the others from being done. Throws NODE_UNKNOWN before anything is done.
 */
export function forEachNode<T>(
  config: Config,
  selection: NodeSelection,
  prepare: (reach: NodeReach) => (node: NodeId, signal: AbortSignal) => Promise<T>,
): Promise<readonly NodeOutcome<T>[]> {
  return withNodes(config, selection, (reach, nodes) => inTurns(nodes, prepare(reach)));
}

/** Has work done with the named nodes, or all, over connections of its own. Throws NODE_UNKNOWN before. */
export async function withNodes<T>(
  config: Config,
  selection: NodeSelection,
  work: (reach: NodeReach, nodes: readonly NodeId[]) => Promise<T>,
): Promise<T> {
  // What goes wrong is in the outcomes: the log would only say it twice.
  const system = { clock: createSystemClock(), random: createSystemRandom(), log: createLog("silent") };
  const reach = await createNodeReach(config, system);
  const stop = await startAll([reach.hosts, reach.pool]);
  try {
    return await work(reach, select(selection, reach, config));
  } finally {
    await stop();
  }
}

function select({ nodes, all }: NodeSelection, { hosts }: NodeReach, config: Config): readonly NodeId[] {
  const known = hosts.all().map(({ id }) => id);
  if (all) return known;
  if (nodes.length === 0) {
    throw new AppError("NODE_UNKNOWN", "no node was named", { remedy: "name nodes, or say --all" });
  }
  return nodes.map((text) => {
    const node = parseNodeId(text);
    if (node !== undefined && known.includes(node)) return node;
    const remedy = `${config.hosts_file} has ${known.join(", ")}`;
    throw new AppError("NODE_UNKNOWN", `${text} is not in the hosts file`, { remedy });
  });
}

/** Acts on nodes, 16 at a time. */
export async function inTurns<T>(
  nodes: readonly NodeId[],
  act: (node: NodeId, signal: AbortSignal) => Promise<T>,
): Promise<readonly NodeOutcome<T>[]> {
  const { signal } = new AbortController();
  const outcomes: NodeOutcome<T>[] = [];
  for (let from = 0; from < nodes.length; from += AT_ONCE) {
    const batch = nodes.slice(from, from + AT_ONCE).map((node) =>
      act(node, signal).then(
        (result): NodeOutcome<T> => ({ node, result }),
        (err: unknown): NodeOutcome<T> => ({ node, error: toFailure(err) }),
      ),
    );
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

function toFailure(err: unknown): NodeFailure {
  if (err instanceof AppError) return { code: err.code, message: err.message, remedy: err.remedy };
  return { code: "UNEXPECTED", message: err instanceof Error ? err.message : String(err), remedy: "" };
}
