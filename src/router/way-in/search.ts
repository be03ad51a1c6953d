import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import type { Location } from "../../sighting.ts";
import type { Clock, Locator } from "../../ports.ts";
import { toFinding, type Finding, type There } from "./decide/finding.ts";
import { mayDecide, type Obstacle } from "./decide/obstacle.ts";
import type { Trip } from "./journeys.ts";
import type { Remedies } from "./remedies.ts";

export interface SearchDeps {
  readonly locator: Locator;
  readonly remedies: Remedies;
  readonly clock: Clock;
}

export interface SearchOptions {
  readonly locateMs: number;
  /** Pause before looking again while there is an obstacle or a server is stopping. */
  readonly lookAgainMs: number;
  /** How long a page waits for an obstacle to pass before it gives up. */
  readonly patienceMs: number;
  /** How long a place must have been silent before its user may start a new server elsewhere. */
  readonly startElsewhereAfterMs: number;
}

/** What the search ended with: a node to go to, or leave to choose one. */
export type Whereabouts =
  ({ readonly kind: "there" } & There) | { readonly kind: "none" | "given-up"; readonly supersedes?: string };

/**
 * Looks until it is known where the server is, and tells the trip what it waits for. Waits while there is an
 * obstacle (unless the user decides) and while a former server is stopping.
 */
export async function search(
  trip: Trip,
  { locator, remedies, clock }: SearchDeps,
  options: SearchOptions,
  signal: AbortSignal,
): Promise<Whereabouts> {
  const sinceMs = clock.now();
  for (;;) {
    const finding = toFinding(await locate(), { nowMs: clock.now(), sinceMs, ...options });
    const known = finding.kind === "obstacle" ? await pass(finding) : settle(trip, finding);
    if (known === "again") continue;
    if (known !== undefined) return known;
    if (clock.now() - sinceMs >= options.patienceMs) throw outOfPatience(finding);
    await pause();
  }

  function locate(): Promise<Location> {
    const deadline = clock.deadline(options.locateMs);
    return within({ signal, deadline, late }, (either) => locator.locate(trip.key, either));
  }

  /** Shows the obstacle, and does what the user has decided about it. */
  async function pass({ obstacle, supersedes }: Extract<Finding, { kind: "obstacle" }>) {
    trip.tell({ kind: "obstacle", obstacle: await remedies.describe(trip.key, obstacle) });
    const decision = trip.takeDecision();
    // What was decided about another obstacle says nothing about this one.
    if (decision === undefined || !mayDecide(obstacle, decision)) return undefined;
    if (decision.kind === "elsewhere") {
      trip.tell({ kind: "elsewhere" });
      return { kind: "given-up", ...(supersedes !== undefined && { supersedes }) } as const;
    }
    await remedies.carryOut(trip, obstacle, decision, signal);
    return "again";
  }

  async function pause(): Promise<void> {
    const wake = AbortSignal.any([signal, trip.decided()]);
    await clock.sleep(options.lookAgainMs, wake).catch(() => undefined);
    signal.throwIfAborted();
  }
}

function settle(trip: Trip, finding: Exclude<Finding, { kind: "obstacle" }>): Whereabouts | undefined {
  if (finding.kind === "stopping") {
    trip.tell(finding);
    return undefined;
  }
  if (finding.kind === "none") {
    trip.tell({ kind: "none" });
    return finding;
  }
  const { node, state } = finding.there;
  trip.tell({ kind: "found", node, how: state === "ready" ? "running" : state });
  return { kind: "there", ...finding.there };
}

function late(cause: unknown): AppError {
  return new AppError("NODE_TIMEOUT", "looking for your server took too long", { cause });
}

function outOfPatience(finding: Finding): AppError {
  if (finding.kind === "obstacle") return undecided(finding.obstacle);
  return new AppError("SERVER_TIMEOUT", "your former server is still being stopped", {});
}

function undecided(obstacle: Obstacle): AppError {
  if (obstacle.kind === "silent") {
    const places = obstacle.silent.map(({ node }) => node ?? "your home").join(", ");
    return new AppError("NODE_UNREACHABLE", `${places} still does not answer`);
  }
  if (obstacle.kind === "wish") return new AppError("UNDECIDED", "you have not chosen a kind of machine");
  if (obstacle.kind === "lost") {
    const { node } = obstacle.sighting;
    return new AppError("UNDECIDED", `your server on ${node} runs, and its hub does not know it`, { node });
  }
  const nodes = obstacle.sightings.map(({ node }) => node).join(" and ");
  return new AppError("UNDECIDED", `servers of yours run on ${nodes}`);
}
