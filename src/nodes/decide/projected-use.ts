import type { LoadSample, NodeView, Reservation, ServerKey } from "../../model.ts";
import { keyText } from "../../model.ts";

/** What a server that starts is expected to take. */
export interface ExpectedServer {
  readonly memoryBytes: number;
  readonly cores: number;
}

/** A node as it would be once the server, and those whose starts are under way, run. */
export interface ProjectedUse {
  /** Share of the memory in use. */
  readonly memory: number;
  /** Load per core. */
  readonly load: number;
  /** Free now, less what is held for starts under way. */
  readonly freeBytes: number;
  readonly heldBytes: number;
  /** Starts under way, other than this one. */
  readonly starting: number;
  /** Running and starting, without this one. */
  readonly servers: number;
}

/** Projects a node's use; what is held for the very server asked about is not counted against it. */
export function projectUse(
  { reservations }: Pick<NodeView, "reservations">,
  sample: LoadSample,
  key: ServerKey,
  expected: ExpectedServer,
): ProjectedUse {
  const others = reservations.filter((held) => keyText(held.key) !== keyText(key));
  const heldBytes = sum(others);
  const freeBytes = sample.memoryAvailableBytes - heldBytes;
  const loadAfter = sample.load1 + (others.length + 1) * expected.cores;
  return {
    memory: (sample.memoryTotalBytes - freeBytes + expected.memoryBytes) / sample.memoryTotalBytes,
    load: loadAfter / sample.cores,
    freeBytes,
    heldBytes,
    starting: others.length,
    servers: sample.servers + others.length,
  };
}

function sum(reservations: readonly Reservation[]): number {
  return reservations.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
}
