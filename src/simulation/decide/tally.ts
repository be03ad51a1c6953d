import type { Machine } from "./machine.ts";
import type { Change } from "./session.ts";

/** A machine is hot with more of its memory in use, or with more computing than it has cores. */
const HOT_MEMORY = 0.9;

/** What became of the machines. */
export interface Toll {
  readonly hotMs: number;
  /** Sessions that were on a machine while more memory was wanted than it has. */
  readonly pressed: number;
  /** Highest share of its memory that was ever wanted of a machine. */
  readonly worstUse: number;
  /** Share of all memory in use, over the whole time. */
  readonly meanUse: number;
}

export interface Tally {
  /** A session changed what its machine carries. Times never go back. */
  change(machine: number, session: number, change: Change): void;
  toll(endMs: number): Toll;
}

interface Gauge extends Machine {
  readonly live: Set<number>;
  atMs: number;
  bytes: number;
  busy: number;
}

/** Whether so much of a machine is in use that those on it notice. */
export function isHot({ memoryBytes, cores }: Machine, bytes: number, busy: number): boolean {
  return bytes > HOT_MEMORY * memoryBytes || busy > cores;
}

export function createTally(machines: readonly Machine[]): Tally {
  const gauges = machines.map((machine): Gauge => ({
    ...machine,
    live: new Set(),
    atMs: 0,
    bytes: 0,
    busy: 0,
  }));
  const pressed = new Set<number>();
  let hotMs = 0;
  let shareMs = 0;
  let worstUse = 0;

  function advance(gauge: Gauge, atMs: number): void {
    const spanMs = atMs - gauge.atMs;
    if (isHot(gauge, gauge.bytes, gauge.busy)) hotMs += spanMs;
    shareMs += (spanMs * gauge.bytes) / gauge.memoryBytes;
    gauge.atMs = atMs;
  }

  return {
    change(machine, session, { atMs, memoryBytes, cores, servers }) {
      const gauge = gauges[machine] as Gauge;
      advance(gauge, atMs);
      gauge.bytes += memoryBytes;
      gauge.busy += cores;
      if (servers > 0) gauge.live.add(session);
      if (servers < 0) gauge.live.delete(session);
      worstUse = Math.max(worstUse, gauge.bytes / gauge.memoryBytes);
      if (gauge.bytes > gauge.memoryBytes) for (const each of gauge.live) pressed.add(each);
    },
    toll(endMs) {
      for (const gauge of gauges) advance(gauge, endMs);
      const meanUse = shareMs / (endMs * gauges.length);
      return { hotMs, pressed: pressed.size, worstUse, meanUse };
    },
  };
}
