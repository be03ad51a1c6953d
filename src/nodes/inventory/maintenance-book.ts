import type { Maintenance, MaintenanceSpan } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import { spanAt } from "./decide/maintenance-span.ts";

/** The maintenance that is now or comes next; worked out anew only once it is over, as every snapshot asks. */
export type MaintenanceBook = (maintenance: Maintenance | undefined) => MaintenanceSpan | undefined;

export function createMaintenanceBook(clock: Pick<Clock, "now" | "timeZone">): MaintenanceBook {
  const next = new WeakMap<Maintenance, MaintenanceSpan | "over">();

  return (maintenance) => {
    if (maintenance === undefined) return undefined;
    const nowMs = clock.now();
    const known = next.get(maintenance);
    const isStill = known === "over" || (known !== undefined && nowMs < known.endMs);
    const span = isStill ? known : (spanAt(maintenance, nowMs, clock.timeZone) ?? "over");
    next.set(maintenance, span);
    return span === "over" ? undefined : span;
  };
}
