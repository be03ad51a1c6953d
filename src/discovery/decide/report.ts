import type { HubServer, Sighting } from "../../model.ts";

/** A server that a node reported. */
export interface Seen extends Pick<HubServer, "key" | "ready" | "pending" | "lastActivity"> {
  readonly evidence: Sighting["evidence"];
  /** Whose process it is; with the evidence "process-list" only, where the name is the process's own word. */
  readonly uid?: number;
}

/** What is known of the servers of one node. Times of the router's clock. */
export type Report = Answered | Silent;

interface Answered {
  readonly kind: "answered";
  readonly servers: readonly Seen[];
  readonly atMs: number;
}

export interface Silent {
  readonly kind: "silent";
  readonly reason: string;
  /** Its last answer since this router started, if there was one. */
  readonly last?: Answered;
  /** When the node was last asked in vain. */
  readonly atMs: number;
}

/** The report after a node was asked in vain. */
export function fallSilent(before: Report | undefined, reason: string, atMs: number): Silent {
  const last = before?.kind === "answered" ? before : before?.last;
  return { kind: "silent", reason, atMs, ...(last !== undefined && { last }) };
}

/** An answer older than `staleMs` counts no longer as having been looked at. */
export function ageReport(report: Report, nowMs: number, staleMs: number): Report {
  if (report.kind === "silent" || nowMs - report.atMs <= staleMs) return report;
  const seconds = Math.round((nowMs - report.atMs) / 1000);
  return fallSilent(report, `its last answer is ${seconds} s old`, report.atMs);
}
