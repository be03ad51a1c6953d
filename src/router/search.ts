import { within } from "../deadline.ts";
import { AppError } from "../errors.ts";
import type { Location, NodeId, Sighting, SilentPlace } from "../model.ts";
import type { Clock, Locator } from "../ports.ts";
import type { Trip } from "./journeys.ts";

export interface SearchDeps {
  readonly locator: Locator;
  readonly clock: Clock;
}

export interface SearchOptions {
  readonly locateMs: number;
  /** Pause before looking again while a node is silent or a server is stopping. */
  readonly lookAgainMs: number;
  /** How long a page waits for a silent node or a stopping server before it gives up. */
  readonly patienceMs: number;
  /** How long a node must have been silent before its user may start a new server elsewhere. */
  readonly startElsewhereAfterMs: number;
}

/** What the search ended with: a node to go to, or leave to choose one. */
export type Whereabouts =
  | {
      readonly kind: "ready" | "starting" | "stopped";
      readonly node: NodeId;
      readonly seenAtMs: number;
      readonly evidence: Sighting["evidence"];
    }
  | { readonly kind: "none" }
  | { readonly kind: "given-up" };

/**
 * Looks until it is known where the server is, and tells the trip what it waits for. Waits while a place is
 * silent (unless the user gives it up) and while a former server is stopping.
 */
export async function search(
  trip: Trip,
  { locator, clock }: SearchDeps,
  options: SearchOptions,
  signal: AbortSignal,
): Promise<Whereabouts> {
  const sinceMs = clock.now();
  for (;;) {
    const location = await locate();
    const known = settle(trip, location);
    if (known !== undefined) return known;
    if (location.kind === "unknown") tellSilence(location.silent);
    if (trip.givenUp.signal.aborted) return giveUp(trip);
    if (clock.now() - sinceMs >= options.patienceMs) throw outOfPatience(location);
    await pause();
  }

  function locate(): Promise<Location> {
    const deadline = clock.deadline(options.locateMs);
    return within({ signal, deadline, late }, (either) => locator.locate(trip.key, either));
  }

  function tellSilence(silent: readonly SilentPlace[]): void {
    const nowMs = clock.now();
    const mayStartElsewhere = silent.every(
      ({ lastSeenMs }) => nowMs - (lastSeenMs ?? sinceMs) >= options.startElsewhereAfterMs,
    );
    trip.tell({ kind: "silent", silence: { silent, mayStartElsewhere } });
  }

  async function pause(): Promise<void> {
    const wake = AbortSignal.any([signal, trip.givenUp.signal]);
    await clock.sleep(options.lookAgainMs, wake).catch(() => undefined);
    signal.throwIfAborted();
  }
}

function settle(trip: Trip, location: Location): Whereabouts | undefined {
  if (location.kind === "unknown") return undefined;
  if (location.kind === "none") {
    trip.tell({ kind: "none" });
    return { kind: "none" };
  }
  const { node, ready, pending, seenAtMs, evidence } = location.sighting;
  if (pending === "stop") {
    trip.tell({ kind: "stopping", node });
    return undefined;
  }
  const kind = ready ? "ready" : pending === "spawn" ? "starting" : "stopped";
  trip.tell({ kind: "found", node, how: kind === "ready" ? "running" : kind });
  return { kind, node, seenAtMs, evidence };
}

function giveUp(trip: Trip): Whereabouts {
  trip.tell({ kind: "elsewhere" });
  return { kind: "given-up" };
}

function late(cause: unknown): AppError {
  return new AppError("NODE_TIMEOUT", "looking for your server took too long", { cause });
}

function outOfPatience(location: Location): AppError {
  if (location.kind !== "unknown") {
    return new AppError("SERVER_TIMEOUT", "your former server is still being stopped", {});
  }
  const nodes = location.silent.map(({ node }) => node).join(", ");
  return new AppError("NODE_UNREACHABLE", `${nodes} still does not answer`, {});
}
