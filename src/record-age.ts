import type { SeenRecord } from "./home-model.ts";

/** Servers write their record once a minute. */
const RECORD_PERIOD_MS = 60_000;

/** How long after its start a server has had time for its first one. */
const FIRST_RECORD_MS = 2 * RECORD_PERIOD_MS;

/** Nobody has written it for three periods: its server may be gone, or its node. */
export function isStale({ unchangedSinceMs }: SeenRecord, nowMs: number): boolean {
  return nowMs - unchangedSinceMs >= 3 * RECORD_PERIOD_MS;
}

/** Whether a server ought to have left a record in a home that was read then. */
export function owesRecord(
  { ready, startedAt }: { readonly ready: boolean; readonly startedAt?: string },
  readAtMs: number,
): boolean {
  return ready && readAtMs - Date.parse(startedAt ?? "") > FIRST_RECORD_MS;
}
