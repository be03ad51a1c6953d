import { drawIndex, type Draw } from "./draw.ts";
import type { Policy } from "./policy.ts";

/** Any machine. */
export function createRandom(draw: Draw): Policy {
  return { place: (_, { machines }) => drawIndex(draw, machines.length) };
}

/** One after the other. */
export function createRoundRobin(): Policy {
  let next = 0;
  return { place: (_, { machines }) => next++ % machines.length };
}

/** Always the same machine for the same user. */
export function createUserHash(): Policy {
  return { place: ({ user }, { machines }) => hash(user) % machines.length };
}

/** The fewest servers of those it placed itself, which it counts without delay. */
export function createLeastConnections(draw: Draw): Policy {
  const counts = new Map<number, number>();
  function add(machine: number, change: number): void {
    counts.set(machine, (counts.get(machine) ?? 0) + change);
  }
  return {
    place(_, { machines }) {
      const machine = leastOf(
        machines.map((__, index) => counts.get(index) ?? 0),
        draw,
      );
      add(machine, 1);
      return machine;
    },
    ended(machine) {
      add(machine, -1);
    },
  };
}

/** The lowest load average of five minutes per core, as last reported. */
export function createLoadAverage(draw: Draw): Policy {
  return {
    place: (_, scene) =>
      leastOf(
        scene.samples().map(({ load5, cores }) => load5 / cores),
        draw,
      ),
  };
}

/** Any of the machines with the lowest figure: taking the first would gather everybody there. */
function leastOf(figures: readonly number[], draw: Draw): number {
  const least = Math.min(...figures);
  const equals = figures.flatMap((figure, index) => (figure === least ? [index] : []));
  return equals[drawIndex(draw, equals.length)] as number;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
