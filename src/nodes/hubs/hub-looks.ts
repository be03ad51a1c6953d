import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import { createSharedWork } from "../../lifecycle.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubLook, HubWatch, Service } from "../../ports.ts";
import type { HubSettings } from "./decide/hub-settings.ts";
import type { HubReports } from "./hub-reports.ts";
import type { HubHealth } from "./hub-starter.ts";
import type { HubTrust } from "./hub-trust.ts";
import type { PortCheck } from "./port-check.ts";

export interface HubLooksDeps {
  readonly ports: PortCheck;
  readonly health: HubHealth;
  readonly settingsOf: (node: NodeId) => HubSettings;
  readonly trust: HubTrust;
  readonly reports: HubReports;
  readonly clock: Clock;
}

export interface HubLooks extends Pick<HubWatch, "look">, Pick<Service, "stop"> {
  /** How the hub is now: nothing is remembered of it. */
  readonly ask: (node: NodeId, signal: AbortSignal) => Promise<HubLook>;
}

/** Looks at hubs, once for everybody who asks at a time. */
export function createHubLooks(deps: HubLooksDeps, lookMs: number): HubLooks {
  const { ports, health, settingsOf, trust, reports, clock } = deps;
  const looks = createSharedWork(lookNow);

  async function lookNow(node: NodeId, stopping: AbortSignal): Promise<HubLook> {
    const suspicions = trust.suspicionsOf(node);
    const limits = { signal: stopping, deadline: clock.deadline(lookMs), late: silent(node, lookMs) };
    const found = await reports.ofLook(node, () => within(limits, (signal) => ask(node, signal)));
    return found === "ready" && !trust.grant(node, suspicions) ? "absent" : found;
  }

  /** Asks who listens before anything of ours goes to the port. */
  async function ask(node: NodeId, signal: AbortSignal): Promise<HubLook> {
    const behind = await ports.whoListens(node, settingsOf(node).ports, signal);
    if (behind !== "hub") return "absent";
    return (await answers(node, signal)) ? "ready" : "silent";
  }

  /** A hub that hangs takes the question and never answers. */
  async function answers(node: NodeId, signal: AbortSignal): Promise<boolean> {
    const patience = clock.deadline(lookMs / 2);
    try {
      return await health.isHealthy(node, AbortSignal.any([signal, patience]));
    } catch (err) {
      if (patience.aborted && !signal.aborted) return false;
      throw err;
    }
  }

  return {
    ask,
    look: async (node, signal) => (trust.isTrusted(node) ? "ready" : looks.join(node, signal)),
    stop: () => looks.stop(),
  };
}

function silent(node: NodeId, lookMs: number): (cause: unknown) => AppError {
  const message = `${node} did not say within ${lookMs / 1000} s who listens there`;
  const remedy = `Look whether ${node} is overloaded.`;
  return (cause) => new AppError("NODE_TIMEOUT", message, { node, cause, remedy });
}
