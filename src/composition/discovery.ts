import type { Config } from "../config.ts";
import { countHomes } from "../discovery/decide/home-counts.ts";
import { keysIn, type Report } from "../discovery/decide/report.ts";
import { createForeignJupyters } from "../discovery/foreign-jupyters.ts";
import { createLastSeen } from "../discovery/last-seen.ts";
import { createLocator } from "../discovery/locate.ts";
import { createRunningServers } from "../discovery/running-servers.ts";
import { createSurvey } from "../discovery/survey.ts";
import type { NodeId, ServerKey, UserName } from "../model.ts";
import { createAccounts } from "../nodes/ssh/accounts.ts";
import type { Cache, CacheWatch } from "../cache-ports.ts";
import { type Assignments, SERVERS_CHANGED } from "../router/way-in/assignments.ts";
import { composeHomes } from "./homes.ts";
import { composeLeavingNodes } from "./leaving-nodes.ts";
import type { NodeReach } from "./node-reach.ts";
import type { Nodes } from "./nodes.ts";

interface DiscoveryParts extends Pick<Nodes, "hubApi" | "keeper" | "cluster"> {
  readonly cache: Cache & CacheWatch;
  readonly assignments: Assignments;
}

/** Where servers are, by what nodes and homes say now and what is remembered of them. */
export function composeDiscovery(
  config: Config,
  reach: NodeReach,
  { hubApi, keeper, cluster, cache, assignments }: DiscoveryParts,
) {
  const { clock, log, hosts, agent } = reach;
  const lastSeen = createLastSeen({ store: cache, clock, log }, { keepMs: LAST_SEEN_MS });
  function nodes(): readonly NodeId[] {
    return hosts.all().map(({ id }) => id);
  }
  const survey = createSurvey(
    { hubApi, watch: keeper, agent, nodes, onRound: lastSeen.record, clock, log },
    { everyMs: 5000, nodeMs: 4000, fanOut: 32 },
  );
  cluster.heedLists((node) => listedIn(survey.reports().get(node)));
  cache.onReturn(lastSeen.rewrite);
  cache.subscribe(SERVERS_CHANGED, (text) => {
    const changed = survey.nodes().filter((node) => node === text);
    void survey.refresh(changed, 0, clock.deadline(HINT_MS)).catch(() => undefined);
  });
  const accounts = createAccounts({ agent, clock });
  const { homes, services } = composeHomes(config, reach, { accounts, survey });
  const leaving = composeLeavingNodes(reach, { survey, homes });
  async function assigned(key: ServerKey): Promise<NodeId | undefined> {
    return (await assignments.find(key))?.node;
  }
  const locator = createLocator(
    { survey, homes, lastSeen, accounts, assigned, clock },
    { freshMs: 2000, homeFreshMs: 1000, staleMs: 10_000, lookMs: 5000 },
  );
  const foreign = createForeignJupyters({ homes, survey, agent, clock }, { lookMs: 3000, keepMs: 60_000 });
  const known = {
    reading: (user: UserName) => homes.reading(user),
    counts: () => countHomes(survey.reports(), homes.readings()),
  };
  const running = createRunningServers({ survey, homes, accounts });
  return { survey, locator, running, homes: known, foreign, services: [survey, ...services, leaving] };
}

/** The servers a node was last seen with; undefined while it does not answer. */
function listedIn(report: Report | undefined): readonly ServerKey[] | undefined {
  return report?.kind === "answered" ? keysIn(report) : undefined;
}

/** How long a node may take to tell what another router says has changed. */
const HINT_MS = 5000;
const LAST_SEEN_MS = 30 * 86_400_000;
