import type { Config } from "../config.ts";
import { createLostServers } from "../nodes/orders/lost-servers.ts";
import type { Store } from "../cache-ports.ts";
import type { Locator } from "../ports.ts";
import { createKeptServers } from "../router/way-in/kept-servers.ts";
import { createRemedies, type Remedies } from "../router/way-in/remedies.ts";
import type { NodeReach } from "./node-reach.ts";
import type { Nodes } from "./nodes.ts";
import { startDeadlines } from "./start-deadlines.ts";

interface RemedyParts extends Pick<Nodes, "hubApi" | "keeper" | "placer"> {
  readonly locator: Locator;
  readonly store: Store;
}

/** What is done about servers whose owners decide to stop or to keep them. */
export function composeRemedies(
  config: Config,
  { agent, audit, clock, log }: NodeReach,
  { hubApi, keeper: hubs, placer, locator, store }: RemedyParts,
): Remedies {
  const keptServers = createKeptServers({ store, audit, clock, log }, { keepMs: config.server.keep_lost });
  const lostServers = createLostServers({ agent });
  const { stopMs } = startDeadlines(config);
  const deps = { hubs, hubApi, lostServers, keptServers, locator, placer, audit, clock };
  return createRemedies(deps, { stopMs });
}
