import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Lab } from "./lab.ts";

/** Sets the time of day of a node for every process that starts there from now on, and for those that did so before. */
export interface NodeClocks {
  set(node: string, offsetS: number): void;
}

const PRELOAD = join(import.meta.dirname, "clock-offset.c");

export function createNodeClocks(lab: Lab): NodeClocks {
  const prepared = new Set<string>();
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", join(lab.dir, "home/clock.so"), PRELOAD]);

  return {
    set(node, offsetS) {
      // In place, for running processes have it mapped.
      const write = `printf '%-20s' '${String(offsetS)}' | dd of=/run/clock-offset conv=notrunc status=none`;
      lab.run("sh", node, write);
      if (prepared.has(node)) return;
      const preload =
        "cp /home/clock.so /usr/local/lib/ && echo /usr/local/lib/clock.so > /etc/ld.so.preload";
      lab.run("sh", node, preload);
      prepared.add(node);
    },
  };
}
