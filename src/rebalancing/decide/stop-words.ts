import { size, span } from "../../amounts.ts";
import type { StopMove } from "../../plan.ts";

type Stop = Pick<StopMove, "idleSinceMs" | "ignoresTabs" | "notBeforeMs" | "expectedOn">;

/** What shows that a server may be stopped, and what comes of it. */
export function stopWords(
  { idleSinceMs, ignoresTabs, notBeforeMs, expectedOn }: Stop,
  memoryBytes: number,
  atMs: number,
): readonly string[] {
  const tabs = ignoresTabs ? ", not counting open tabs" : "";
  const next = expectedOn === undefined ? "" : `; its owner's next one is expected on ${expectedOn}`;
  const waitMs = notBeforeMs - atMs;
  return [
    `idle for ${span(atMs - idleSinceMs)}${tabs}`,
    `frees ${size(memoryBytes)}${next}`,
    ...(waitMs > 0 ? [`not before ${span(waitMs)} from now: its owner is told first`] : []),
  ];
}
