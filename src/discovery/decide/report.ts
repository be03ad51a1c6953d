import type { ProcessIdentity, Sighting } from "../../sighting.ts";
import type { HubServer, NodeId, ServerKey } from "../../model.ts";

/** A server that a node reported. */
export interface Seen extends Pick<HubServer, "key" | "ready" | "pending" | "startedAt" | "lastActivity"> {
  readonly evidence: Sighting["evidence"];
  /** Whose process it is; with the evidence "process-list" only, where the name is the process's own word. */
  readonly uid?: number;
  readonly process?: ProcessIdentity;
}

/** What is known of the servers of one node. Times of the router's clock. */
export type Report = Answered | Silent;

export interface Answered {
  readonly kind: "answered";
  /** The hub's own list; while the hub is away, the node's process table. */
  readonly servers: readonly Seen[];
  readonly atMs: number;
  /** The process table, where it was asked for beside the hub's list, or in its place. */
  readonly processes?: readonly Seen[];
  /** With `processes`: the machine's own name. */
  readonly host?: string;
  /** In the answer before, and not in this one: one look alone shows no end. */
  readonly missed?: readonly ServerKey[];
}

export interface Silent {
  readonly kind: "silent";
  readonly reason: string;
  /** Its last answer since this router started, if there was one. */
  readonly last?: Answered;
  /** When the node was last asked in vain. */
  readonly atMs: number;
}

/** What a node has answered. */
export type Said = Pick<Answered, "servers" | "processes" | "host">;

/** The report after a node has answered. */
export function toAnswer(before: Report | undefined, said: Said, atMs: number): Answered {
  const { servers = [], processes = [] } = lastAnswer(before) ?? {};
  const missed = [...servers, ...processes]
    .map(({ key }) => key)
    .filter((key) => !said.servers.some(isOf(key)));
  return { kind: "answered", ...said, atMs, ...(missed.length > 0 && { missed }) };
}

/** The report after a node was asked in vain. */
export function fallSilent(before: Report | undefined, reason: string, atMs: number): Silent {
  const last = lastAnswer(before);
  return { kind: "silent", reason, atMs, ...(last !== undefined && { last }) };
}

/** An answer older than `staleMs` counts no longer as having been looked at. */
export function ageReport(report: Report, nowMs: number, staleMs: number): Report {
  if (report.kind === "silent" || nowMs - report.atMs <= staleMs) return report;
  const seconds = Math.round((nowMs - report.atMs) / 1000);
  return fallSilent(report, `its last answer is ${seconds} s old`, report.atMs);
}

export function lastAnswer(report: Report | undefined): Answered | undefined {
  return report?.kind === "silent" ? report.last : report;
}

/** The nodes that answered when they were asked last. */
export function answering(reports: ReadonlyMap<NodeId, Report>): readonly NodeId[] {
  return [...reports].flatMap(([node, { kind }]) => (kind === "answered" ? [node] : []));
}

/** The servers of an answer, and those of the one before: one look alone shows no end. */
export function keysIn({ servers, missed = [] }: Answered): readonly ServerKey[] {
  return [...servers.map(({ key }) => key), ...missed];
}

/** Whether something is about one server. */
export function isOf(wanted: ServerKey): (seen: { readonly key: ServerKey }) => boolean {
  return ({ key }) => key.user === wanted.user && key.server === wanted.server;
}
