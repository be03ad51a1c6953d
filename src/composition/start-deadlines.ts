import type { Config } from "../config.ts";

/** How long each who has a part in a start waits for it. The node itself gives up first: it knows best why. */
export interface StartDeadlines {
  /** A hub's start, for the agent on the node; for whoever keeps hubs, `keeperGraceMs` more. */
  readonly hubMs: number;
  readonly keeperGraceMs: number;
  /** One run of the agent that starts or stops something. */
  readonly agentMs: number;
  /** The hub's part of a journey. */
  readonly journeyHubMs: number;
  readonly serverMs: number;
  /** A server's stop, its hub's start included: signals are escalated for 17 s. */
  readonly stopMs: number;
  /** Until then room is held for a server that is neither there nor given up. */
  readonly reservationMs: number;
  /** After that another router may decide anew. */
  readonly assignmentMs: number;
}

export function startDeadlines({ hub, server }: Pick<Config, "hub" | "server">): StartDeadlines {
  const hubMs = hub.start_timeout;
  const serverMs = server.start_timeout;
  const journeyHubMs = hubMs + GRACE_MS;
  return {
    hubMs,
    keeperGraceMs: KEEPER_GRACE_MS,
    agentMs: hubMs + GRACE_MS,
    journeyHubMs,
    serverMs,
    stopMs: hubMs + GRACE_MS,
    reservationMs: journeyHubMs + serverMs,
    assignmentMs: journeyHubMs + serverMs,
  };
}

const KEEPER_GRACE_MS = 15_000;
const GRACE_MS = 30_000;
