import { keyText, type LoadSample, type NodeId, type ServerKey, type ServerSize } from "../../model.ts";
import type { Change } from "./session.ts";

/** A simulated node. */
export interface Machine {
  readonly id: NodeId;
  readonly memoryBytes: number;
  readonly cores: number;
}

/** What a machine last said of itself, with the load average of five minutes beside that of one. */
export interface Sample extends LoadSample {
  readonly load5: number;
}

/** How often all machines report, and how long a report is under way. */
export interface Sampling {
  readonly everyMs: number;
  readonly delayMs: number;
}

/** When the last report that has arrived by now was taken. */
export function lastReportMs(nowMs: number, { everyMs, delayMs }: Sampling): number {
  return Math.floor((nowMs - delayMs) / everyMs) * everyMs;
}

/** When the first report that was taken at this time or later arrives. */
export function nextReportMs(sinceMs: number, { everyMs, delayMs }: Sampling): number {
  return Math.ceil(sinceMs / everyMs) * everyMs + delayMs;
}

/** Machines as their reports show them. */
export interface Reports {
  /** `key`: whose server it is that changes; what came past the router is none. */
  note(machine: number, change: Change, key?: ServerKey): void;
  /** What a machine reported of that moment; moments never go back. */
  sample(machine: number, takenAtMs: number): Sample;
}

export function createReports(machines: readonly Machine[]): Reports {
  const reporters = machines.map(createReporter);
  function reporter(machine: number): Reporter {
    return reporters[machine] as Reporter;
  }
  return {
    note(machine, change, key) {
      reporter(machine).note(change, key);
    },
    sample: (machine, takenAtMs) => reporter(machine).sample(takenAtMs),
  };
}

interface Reporter {
  note(change: Change, key?: ServerKey): void;
  sample(takenAtMs: number): Sample;
}

/** Changes wait here until a report is asked for that was taken after them. */
function createReporter({ memoryBytes: totalBytes, cores }: Machine): Reporter {
  let waiting: { readonly change: Change; readonly key: ServerKey | undefined }[] = [];
  const sizes = new Map<string, ServerSize>();
  let measured: readonly ServerSize[] | undefined;
  const now = { atMs: 0, bytes: 0, busy: 0, servers: 0, load1: 0, load5: 0 };

  function advance(atMs: number): void {
    const minutes = (atMs - now.atMs) / 60_000;
    now.load1 = now.busy + (now.load1 - now.busy) * Math.exp(-minutes);
    now.load5 = now.busy + (now.load5 - now.busy) * Math.exp(-minutes / 5);
    now.atMs = atMs;
  }

  function measure(key: ServerKey, { memoryBytes, servers }: Change): void {
    const text = keyText(key);
    measured = undefined;
    const { rssBytes } = sizes.get(text) ?? { rssBytes: 0 };
    if (servers < 0) sizes.delete(text);
    else sizes.set(text, { key, uid: 1, rssBytes: rssBytes + memoryBytes });
  }

  function apply(change: Change, key: ServerKey | undefined): void {
    advance(change.atMs);
    if (key !== undefined) measure(key, change);
    now.bytes += change.memoryBytes;
    now.busy += change.cores;
    now.servers += change.servers;
  }

  return {
    note: (change, key) => waiting.push({ change, key }),
    sample(takenAtMs) {
      for (const { change, key } of waiting) if (change.atMs <= takenAtMs) apply(change, key);
      waiting = waiting.filter(({ change }) => change.atMs > takenAtMs);
      if (takenAtMs > now.atMs) advance(takenAtMs);
      return {
        takenAtMs,
        clockOffsetMs: 0,
        cores,
        load1: round(now.load1),
        load5: round(now.load5),
        memoryTotalBytes: totalBytes,
        memoryAvailableBytes: Math.max(0, totalBytes - now.bytes),
        memoryPressure: now.bytes > totalBytes ? 1 : 0,
        servers: now.servers,
        users: now.servers,
        sizes: (measured ??= [...sizes.values()]),
      };
    },
  };
}

/** Two digits, as /proc/loadavg has them. */
function round(load: number): number {
  return Math.round(load * 100) / 100;
}
