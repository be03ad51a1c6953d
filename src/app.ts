import type { Config } from "./config.ts";
import { composeCache } from "./composition/cache.ts";
import { composeDiscovery } from "./composition/discovery.ts";
import { composeNodes } from "./composition/nodes.ts";
import { createNodeReach, type System } from "./composition/node-reach.ts";
import { composeRebalancing } from "./composition/rebalancing.ts";
import { composeRouter } from "./composition/router.ts";
import { composeSignIn } from "./composition/sign-in.ts";
import { startDeadlines } from "./composition/start-deadlines.ts";
import type { Service } from "./ports.ts";
import { createAssignments } from "./router/way-in/assignments.ts";

export interface App {
  /** In the order they start. */
  readonly services: readonly Service[];
  /** Where browsers come in; known once the services have started. */
  url(): string;
}

/** Puts the router together; starts nothing. Throws STATE_DIRECTORY and BAD_CONFIG. */
export async function createApp(config: Config, system: System): Promise<App> {
  const reach = await createNodeReach(config, system, { remembersNodes: true });
  const router = system.random.token(9);
  const { cache, services, ...shared } = composeCache(config.cache, router, system);
  const { leadership } = shared;
  const nodes = composeNodes(config, reach, { store: cache, ...shared });
  const assignments = createAssignments(
    { ...system, store: cache, isNode: (node) => reach.hosts.find(node) !== undefined },
    assignmentOptions(config, router),
  );
  const discovery = composeDiscovery(config, reach, { ...nodes, cache, assignments });
  const signIn = await composeSignIn(config, reach, nodes, cache);
  const rebalancing = composeRebalancing(config, reach, {
    ...nodes,
    ...discovery,
    ...{ cache, leadership, assignments },
  });
  const parts = { ...nodes, ...discovery, ...rebalancing, assignments, ...signIn, store: cache, shared };
  const { front, admin, entry } = composeRouter(config, reach, parts);
  return {
    services: [
      reach.hosts,
      reach.pool,
      nodes.cluster,
      nodes.history,
      nodes.sampler,
      nodes.warmHubs,
      nodes.emptyHubs,
      nodes.hungHubs,
      nodes.rollout,
      nodes.hubRescue,
      nodes.keyRotation,
      nodes.warnings,
      stopOnly(() => nodes.dialer.stop()),
      stopOnly(() => nodes.keeper.stop()),
      stopOnly(() => nodes.hubClient.close()),
      ...services,
      ...discovery.services,
      ...rebalancing.services,
      entry,
      admin,
      front,
    ],
    url() {
      const { port } = front.address();
      return `${config.tls === undefined ? "http" : "https"}://${config.listen.host}:${port}`;
    },
  };
}

function assignmentOptions(config: Config, router: string) {
  return { router, startMs: startDeadlines(config).assignmentMs, settledMs: 30_000, placementMs: 86_400_000 };
}

/** For what needs no start. */
function stopOnly(stop: () => Promise<void>): Service {
  return { start: () => Promise.resolve(), stop };
}
