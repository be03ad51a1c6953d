import type { Act, Audit } from "../../src/ports.ts";

/** Keeps the acts that were noted, for assertions. */
export function createMemoryAudit(): Audit & { readonly acts: Act[] } {
  const acts: Act[] = [];
  return { acts, note: (act) => Promise.resolve(void acts.push(act)) };
}
