import { count } from "../../../amounts.ts";
import type { RuntimeRecord } from "../../../home-model.ts";
import type { Sighting } from "../../../sighting.ts";

/** "lost": it runs, and its hub does not know it any more. */
export type ServerState = "ready" | "starting" | "stopping" | "stopped" | "lost";

/** What goes on in a server, in words. */
export function busyText({ kernels, terminals }: Pick<RuntimeRecord, "kernels" | "terminals">): string {
  const parts = [...busy(kernels, "kernel"), ...busy(terminals, "terminal")];
  return parts.length === 0 ? "no kernels open" : parts.join(", ");
}

function busy({ open, busy: active }: RuntimeRecord["kernels"], word: string): string[] {
  if (open === 0) return [];
  return [`${count(open, word)}${active === 0 ? "" : ` (${active} busy)`}`];
}

/** How a server is, in one word. */
export function stateOf({ ready, pending, isOrphan }: Sighting): ServerState {
  if (isOrphan) return "lost";
  if (pending !== undefined) return pending === "spawn" ? "starting" : "stopping";
  return ready ? "ready" : "stopped";
}
