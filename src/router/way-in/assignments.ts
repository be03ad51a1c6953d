import type { NodeId, ServerKey } from "../../model.ts";
import { keyText } from "../../model.ts";
import type { CacheWatch, Channels, Store } from "../../cache-ports.ts";
import type { Clock, Log } from "../../ports.ts";
import { type Assignment, parseAssignment, parsePlacementRecord } from "./decide/memory.ts";
import type { PlacementRecord } from "./decide/way-in.ts";
import { createOwnAssignments } from "./own-assignments.ts";

export interface AssignmentDeps {
  readonly store: Store & Pick<Channels, "publish"> & Pick<CacheWatch, "onReturn">;
  /** Whether there is such a node. */
  readonly isNode: (node: NodeId) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AssignmentOptions {
  /** Tells this router's assignments from another's. */
  readonly router: string;
  /** How long a start may take before another router may decide anew. */
  readonly startMs: number;
  /** How long an assignment outlives its start, until every list of servers shows the server. */
  readonly settledMs: number;
  readonly placementMs: number;
}

export type Assignments = ReturnType<typeof createAssignments>;

/** On this channel routers name nodes on which a server was started or stopped. */
export const SERVERS_CHANGED = "servers-changed";

/**
 * What the routers agreed on: where a server that is starting belongs, and why. An optimisation, kept in
 * the store: without it, this router's own memory serves, and nothing here ever throws.
 */
export function createAssignments({ store, isNode, clock, log }: AssignmentDeps, options: AssignmentOptions) {
  const own = createOwnAssignments(clock);

  async function find(key: ServerKey): Promise<Assignment | undefined> {
    const text = await attempt(() => store.get(assignmentKey(key)));
    const node = own.get(key);
    const shared = parseAssignment(text);
    if (shared !== undefined && isNode(shared.node)) return shared;
    return node && { node, by: options.router };
  }

  /** The node this server belongs on from now: the proposed one, or that of a router that was first. */
  async function propose(key: ServerKey, node: NodeId): Promise<NodeId> {
    const isOurs = await attempt(() => store.setIfAbsent(assignmentKey(key), toText(node), options.startMs));
    const decided = isOurs === false ? ((await find(key))?.node ?? node) : node;
    if (decided === node) own.set(key, node, options.startMs);
    return decided;
  }

  /** The server is up: what was decided may be forgotten soon. */
  async function settle(key: ServerKey, node: NodeId): Promise<void> {
    own.set(key, node, options.settledMs);
    await attempt(() => store.set(assignmentKey(key), toText(node), options.settledMs));
    await tellChange(node);
  }

  /** The start failed: forgets the assignment if this router decided it. */
  async function drop(key: ServerKey): Promise<void> {
    const assignment = await find(key);
    if (assignment?.by === options.router) await forget(key);
  }

  /** The owner stopped the server, or gave its node up: whoever decided it, it is void. */
  async function forget(key: ServerKey, node?: NodeId): Promise<void> {
    own.delete(key);
    await attempt(() => store.delete(assignmentKey(key)));
    if (node !== undefined) await tellChange(node);
  }

  async function tellChange(node: NodeId): Promise<void> {
    await attempt(() => store.publish(SERVERS_CHANGED, node));
  }

  /** What this router decided while the store was away, unless another was first. */
  async function putBack(): Promise<void> {
    for (const { key, node, leftMs } of own.all()) {
      await store.setIfAbsent(assignmentKey(key), toText(node), leftMs);
    }
  }

  function toText(node: NodeId): string {
    return JSON.stringify({ node, by: options.router });
  }

  async function record(key: ServerKey, placement: PlacementRecord): Promise<void> {
    await attempt(() => store.set(placementKey(key), JSON.stringify(placement), options.placementMs));
  }

  async function lastPlacement(key: ServerKey): Promise<PlacementRecord | undefined> {
    return parsePlacementRecord(await attempt(() => store.get(placementKey(key))));
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (err) {
      // The watch over the cache says so, once.
      log.debug({ err }, "store not available, deciding alone");
      return undefined;
    }
  }

  store.onReturn(putBack);
  return { find, propose, settle, drop, forget, record, lastPlacement };
}

function assignmentKey(key: ServerKey): string {
  return `assignment:${keyText(key)}`;
}

function placementKey(key: ServerKey): string {
  return `placement:${keyText(key)}`;
}
