import type { NodeId, ServerKey } from "../model.ts";
import { keyText } from "../model.ts";
import type { Clock, Log, Store } from "../ports.ts";
import { type Assignment, parseAssignment, parsePlacementRecord } from "./decide/memory.ts";
import type { PlacementRecord } from "./decide/way-in.ts";

export interface AssignmentDeps {
  readonly store: Store;
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

/**
 * What the routers agreed on: where a server that is starting belongs, and why. An optimisation, kept in
 * the store: without it, this router's own memory serves, and nothing here ever throws.
 */
export function createAssignments({ store, clock, log }: AssignmentDeps, options: AssignmentOptions) {
  const own = new Map<string, { readonly node: NodeId; readonly untilMs: number }>();

  async function find(key: ServerKey): Promise<Assignment | undefined> {
    const text = await attempt(() => store.get(assignmentKey(key)));
    return (text === undefined ? undefined : parseAssignment(text)) ?? ownAssignment(key);
  }

  /** The node this server belongs on from now: the proposed one, or that of a router that was first. */
  async function claim(key: ServerKey, node: NodeId): Promise<NodeId> {
    const text = JSON.stringify({ node, by: options.router });
    const isOurs = await attempt(() => store.setIfAbsent(assignmentKey(key), text, options.startMs));
    const decided = isOurs === false ? ((await find(key))?.node ?? node) : node;
    if (decided === node) remember(key, node, options.startMs);
    return decided;
  }

  /** The server is up: what was decided may be forgotten soon. */
  async function settle(key: ServerKey, node: NodeId): Promise<void> {
    const text = JSON.stringify({ node, by: options.router });
    remember(key, node, options.settledMs);
    await attempt(() => store.set(assignmentKey(key), text, options.settledMs));
  }

  /** The start failed: forgets the assignment if this router decided it. */
  async function drop(key: ServerKey): Promise<void> {
    const assignment = await find(key);
    if (assignment?.by === options.router) await forget(key);
  }

  /** The owner stopped the server, or gave its node up: whoever decided it, it is void. */
  async function forget(key: ServerKey): Promise<void> {
    own.delete(keyText(key));
    await attempt(() => store.delete(assignmentKey(key)));
  }

  async function record(key: ServerKey, placement: PlacementRecord): Promise<void> {
    await attempt(() => store.set(placementKey(key), JSON.stringify(placement), options.placementMs));
  }

  async function lastPlacement(key: ServerKey): Promise<PlacementRecord | undefined> {
    const text = await attempt(() => store.get(placementKey(key)));
    return text === undefined ? undefined : parsePlacementRecord(text);
  }

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (err) {
      log.warn({ err }, "store not available, deciding alone");
      return undefined;
    }
  }

  function remember(key: ServerKey, node: NodeId, forMs: number): void {
    const now = clock.now();
    for (const [name, { untilMs }] of own) if (untilMs <= now) own.delete(name);
    own.set(keyText(key), { node, untilMs: now + forMs });
  }

  function ownAssignment(key: ServerKey): Assignment | undefined {
    const kept = own.get(keyText(key));
    return kept === undefined || kept.untilMs <= clock.now()
      ? undefined
      : { node: kept.node, by: options.router };
  }

  return { find, claim, settle, drop, forget, record, lastPlacement };
}

function assignmentKey(key: ServerKey): string {
  return `assignment:${keyText(key)}`;
}

function placementKey(key: ServerKey): string {
  return `placement:${keyText(key)}`;
}
