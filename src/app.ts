import type { Config } from "./config.ts";
import { composeNodes, type Nodes } from "./composition/nodes.ts";
import { createNodeReach, type NodeReach, type System } from "./composition/node-reach.ts";
import { composeRouter } from "./composition/router.ts";
import { composeSignIn } from "./composition/sign-in.ts";
import { createMemoryStore } from "./discovery/io/memory-store.ts";
import { createRedisStore } from "./discovery/io/redis-store.ts";
import { createLastSeen } from "./discovery/last-seen.ts";
import { createLocator } from "./discovery/locate.ts";
import { createSurvey } from "./discovery/survey.ts";
import type { NodeId, ServerKey } from "./model.ts";
import { createAccounts } from "./nodes/accounts.ts";
import type { Service, Store } from "./ports.ts";
import { createAssignments, type Assignments } from "./router/assignments.ts";

export interface App {
  /** In the order they start. */
  readonly services: readonly Service[];
  /** Where browsers come in; known once the services have started. */
  url(): string;
}

/** Puts the router together; starts nothing. Throws STATE_DIRECTORY and BAD_CONFIG. */
export async function createApp(config: Config, system: System): Promise<App> {
  const reach = await createNodeReach(config, system);
  const nodes = composeNodes(config, reach);
  const store = createStore(config, system);
  const assignments = createAssignments(
    { ...system, store },
    assignmentOptions(config, system.random.token(9)),
  );
  const { survey, locator } = composeDiscovery(reach, nodes, store, assignments);
  const signIn = await composeSignIn(config, reach, nodes, store);
  const parts = { ...nodes, locator, survey, assignments, signIn };
  const { front, admin, entry } = composeRouter(config, reach, parts);
  return {
    services: [
      reach.hosts,
      reach.pool,
      nodes.cluster,
      nodes.sampler,
      nodes.lobbies,
      stopOnly(() => nodes.dialer.stop()),
      stopOnly(() => nodes.keeper.stop()),
      stopOnly(() => nodes.hubClient.close()),
      store,
      survey,
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

function createStore(config: Config, { clock, log }: System): Store & Service {
  const { url } = config.cache;
  if (url !== undefined) return createRedisStore({ url }, log);
  return { ...createMemoryStore(clock), ...stopOnly(() => Promise.resolve()) };
}

/** Where servers are, by what the nodes say now and what is remembered of them. */
function composeDiscovery(reach: NodeReach, nodes: Nodes, store: Store, assignments: Assignments) {
  const { clock, log, hosts, agent } = reach;
  const lastSeen = createLastSeen({ store, clock, log }, { keepMs: LAST_SEEN_MS });
  const survey = createSurvey(
    {
      hubApi: nodes.hubApi,
      watch: nodes.keeper,
      agent,
      nodes: () => hosts.all().map(({ id }) => id),
      onRound: (reports) => lastSeen.record(reports),
      clock,
      log,
    },
    { everyMs: 5000, nodeMs: 4000, fanOut: 32 },
  );
  const accounts = createAccounts({ agent, clock });
  async function assigned(key: ServerKey): Promise<NodeId | undefined> {
    return (await assignments.find(key))?.node;
  }
  const locator = createLocator(
    { survey, lastSeen, accounts, assigned, clock },
    { freshMs: 2000, staleMs: 10_000, lookMs: 5000 },
  );
  return { survey, locator };
}

const LAST_SEEN_MS = 30 * 86_400_000;

/** One round of starts may take this long before another router decides anew. */
function assignmentOptions({ hub, server }: Config, router: string) {
  const startMs = hub.start_timeout + server.start_timeout;
  return { router, startMs, settledMs: 30_000, placementMs: 86_400_000 };
}

/** For what needs no start. */
function stopOnly(stop: () => Promise<void>): Service {
  return { start: () => Promise.resolve(), stop };
}
