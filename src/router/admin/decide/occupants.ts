import type { NodeId, ServerKey } from "../../../model.ts";
import type { StopNotice } from "../../../plan.ts";
import type { Sighting } from "../../../sighting.ts";
import { iso } from "../../../wall-clock.ts";
import { busyText, stateOf, type ServerState } from "../../way-in/decide/server-words.ts";

/** The service that says who is on a node: `occupants.ts`. */
export type Occupants = (node: NodeId, signal: AbortSignal) => Promise<readonly OccupantAnswer[]>;

/** A server on a node, for admins who want it empty. Times are ISO 8601, of the router's clock. */
export interface OccupantAnswer {
  readonly user: string;
  /** The empty string is the default server. */
  readonly server: string;
  readonly state: ServerState;
  /** Null: it does not say. */
  readonly busy: boolean | null;
  /** What goes on in it, in words. */
  readonly doing: string;
  readonly startedAt: string | null;
  /** Nothing has happened in it since; null while it is busy, and where it does not say. */
  readonly idleSince: string | null;
  /** From when on it may be stopped for being idle; null if nobody means to. */
  readonly stopNotBefore: string | null;
}

/** What is known of a server beside its sighting. */
export interface OccupantFacts {
  readonly notice: StopNotice | undefined;
  /** The node's clock minus the router's. */
  readonly clockOffsetMs: number;
}

export function occupantAnswer(sighting: Sighting, { notice, clockOffsetMs }: OccupantFacts): OccupantAnswer {
  const { key, record, startedAt } = sighting;
  const idleSinceMs = record?.idleSinceMs ?? record?.idleButTabsSinceMs;
  return {
    user: key.user,
    server: key.server,
    state: stateOf(sighting),
    busy: record === undefined ? null : isBusy(record),
    doing: record === undefined ? "it says nothing of itself" : busyText(record),
    startedAt: startedAt ?? null,
    idleSince: idleSinceMs === undefined ? null : iso(idleSinceMs - clockOffsetMs),
    stopNotBefore: notice === undefined ? null : iso(notice.notBeforeMs),
  };
}

/** Busy ones first, then those that do not say, then the idle, in the order of their users. */
export function byUrgency(a: OccupantAnswer, b: OccupantAnswer): number {
  return rank(a) - rank(b) || compare(nameOf(a), nameOf(b));
}

function rank({ busy }: OccupantAnswer): number {
  return busy === null ? 1 : busy ? 0 : 2;
}

/** "alice", "alice/gpu". */
export function nameOf({ user, server }: Pick<OccupantAnswer | ServerKey, "user" | "server">): string {
  return server === "" ? user : `${user}/${server}`;
}

function isBusy({ kernels, terminals }: NonNullable<Sighting["record"]>): boolean {
  return kernels.busy + terminals.busy > 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
