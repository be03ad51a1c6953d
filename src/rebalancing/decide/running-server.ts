import type { SeenRecord } from "../../home-model.ts";
import type { LoadSample } from "../../model.ts";
import type { Sighting } from "../../sighting.ts";
import type { Activity, RunningServer } from "./situation.ts";

/** What a node says itself of its clock and its servers. */
export type NodeFigures = Partial<Pick<LoadSample, "clockOffsetMs" | "largestServerBytes">>;

/**
 * What was seen of a server, as plans take it: in the router's clock. One that starts, stops or was lost by its hub
 * cannot be judged.
 */
export function toRunningServer(sighting: Sighting, figures: NodeFigures): RunningServer {
  const { clockOffsetMs = 0 } = figures;
  const { key, node, record, startedAt, ready, pending, isOrphan } = sighting;
  const process = sighting.process ?? processOf(record);
  const startedAtMs = record === undefined ? parseTime(startedAt) : record.startedAtMs - clockOffsetMs;
  const running = { key, node, ...(startedAtMs !== undefined && { startedAtMs }) };
  if (!ready || pending !== undefined || isOrphan) return running;
  return {
    ...running,
    ...(process !== undefined && { process }),
    ...(record !== undefined && { activity: activityOf(record, figures) }),
  };
}

/**
 * Whatever its owner makes it say, a record cannot have been written after it was first seen, and its server is no
 * larger than the largest that its node has measured.
 */
function activityOf(
  record: SeenRecord,
  { clockOffsetMs = 0, largestServerBytes = Infinity }: NodeFigures,
): Activity {
  const { idleSinceMs, idleButTabsSinceMs } = record;
  const busyWith = busyWords(record);
  return {
    saidAtMs: Math.min(record.writtenAtMs - clockOffsetMs, record.unchangedSinceMs),
    memoryBytes: Math.min(record.rssBytes, largestServerBytes),
    ...(idleSinceMs !== undefined && { idleSinceMs: idleSinceMs - clockOffsetMs }),
    ...(idleButTabsSinceMs !== undefined && { idleButTabsSinceMs: idleButTabsSinceMs - clockOffsetMs }),
    ...(idleSinceMs === undefined && { busyWith }),
  };
}

function busyWords({ kernels, terminals, connections, idleButTabsSinceMs }: SeenRecord): string {
  if (kernels.busy > 0) return kernels.busy === 1 ? "a kernel is busy" : `${kernels.busy} kernels are busy`;
  if (terminals.busy > 0) return "a program runs in a terminal";
  if (connections > 0) return "it is open in a browser";
  return idleButTabsSinceMs === undefined ? "its processes compute, or it does not say" : "in use";
}

function processOf(record: SeenRecord | undefined): RunningServer["process"] {
  if (record === undefined) return undefined;
  const { pid, startTicks, bootId } = record;
  return { pid, startTicks, bootId };
}

function parseTime(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}
