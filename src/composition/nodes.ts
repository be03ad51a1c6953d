import type { Config } from "../config.ts";
import type { Store } from "../cache-ports.ts";
import { AppError } from "../errors.ts";
import type { NodeId, NodeSpec } from "../model.ts";
import { hubSettings, type HubSettings } from "../nodes/hubs/decide/hub-settings.ts";
import { nodeToken } from "../nodes/keys/decide/node-token.ts";
import { createHubGate } from "../nodes/hubs/hub-gate.ts";
import { createHubKeeper } from "../nodes/hubs/hub-keeper.ts";
import { createHubApi } from "../nodes/hubs/io/hub-api.ts";
import { createHubClient } from "../nodes/hubs/io/hub-client.ts";
import { createLobby } from "../nodes/hubs/io/hub-lobby.ts";
import { createIdleStops } from "../nodes/orders/io/idle-stops.ts";
import { createNodeDialer } from "../nodes/ssh/io/node-dialer.ts";
import { createLoadHistory } from "../nodes/load/load-history.ts";
import { createOrders } from "../nodes/orders/orders.ts";
import { createPortCheck } from "../nodes/hubs/port-check.ts";
import { createVerifiedDialer } from "../nodes/hubs/verified-dialer.ts";
import type { NodeReach } from "./node-reach.ts";
import { composePlacement } from "./placement.ts";
import { composeSampler } from "./sampler.ts";
import { startDeadlines } from "./start-deadlines.ts";
import { composeUpkeep } from "./upkeep.ts";

export type Nodes = ReturnType<typeof composeNodes>;

/** What routers share, as far as nodes are concerned. */
interface Shared {
  readonly store: Store;
  readonly isLeader: () => boolean;
}

/** Load, placement, hubs and the connections to them; what is heard of a node is passed to all who must know. */
export function composeNodes(config: Config, reach: NodeReach, { store, isLeader }: Shared) {
  const { clock, log, hosts, pool, agent, audit } = reach;
  const deadlines = startDeadlines(config);
  const { cluster, events, placer } = composePlacement(config, reach, store);
  const sampler = composeSampler(config, reach, events);
  const dialer = composeDialer(config, reach);
  const hubClient = createHubClient(dialer, { proxyPortOf: () => config.hub.ports.proxy });
  const { tokenOf, tokensOf } = tokenSource(reach);
  const hubApi = createHubApi(hubClient, { tokenOf, startTimeoutMs: deadlines.serverMs });
  const lobby = createLobby(hubClient, log, { tokenOf });
  const settingsOf = settingsSource(config, reach);
  const gate = createHubGate();
  const keeper = createHubKeeper(
    { agent, health: hubApi, settingsOf, events: cluster.events, gate, clock, log },
    { trustMs: TRUST_MS, pollMs: 200, graceMs: deadlines.keeperGraceMs, lookMs: 5000 },
  );

  function lobbies(): readonly NodeId[] {
    return lobbiesOf(config, hosts.all());
  }
  function suspect(node: NodeId): void {
    dialer.suspect(node);
    keeper.suspect(node);
  }

  pool.onState((node, change) => {
    suspect(node);
    if (change.kind === "up") {
      cluster.events.connected(node);
      sampler.retryNow(node);
    } else cluster.events.lost(node, change.cause);
  });
  hosts.onChange(({ removed, moved }) => {
    for (const { id } of [...removed, ...moved]) void hubClient.forget(id);
  });
  return {
    cluster,
    sampler,
    orders: createOrders({ agent, cluster, audit, clock }),
    idleStops: createIdleStops({ client: hubClient, hubApi, agent, clock }, { tokensOf }),
    placer,
    dialer,
    hubClient,
    hubApi,
    lobby,
    keeper,
    suspect,
    history: createLoadHistory({ cluster, clock, log }, HISTORY),
    ...composeUpkeep(config, reach, { keeper, cluster, settingsOf, lobbies, gate, suspect, isLeader }),
  };
}

/** Connections to nodes, to a hub's ports only where the hub is surely behind them. */
function composeDialer({ hub }: Config, { clock, log, hosts, pool, agent }: NodeReach) {
  const dialer = createNodeDialer({ pool, clock, specOf: (node) => hosts.find(node) });
  const ports = createPortCheck(agent, log);
  return createVerifiedDialer({ dialer, ports, clock }, { hubPorts: hub.ports, trustMs: TRUST_MS });
}

/** Half a day of every node. */
const HISTORY = { everyMs: 120_000, keepMost: 360 };

/** How long an agent's word on who owns a hub's ports is good for. */
const TRUST_MS = 3000;

/** A node's token in force, and all from which the keys of its servers may come. */
function tokenSource({ keyring }: Pick<NodeReach, "keyring">) {
  return {
    tokenOf: (node: NodeId): string => nodeToken(keyring.keys().master.current, node),
    tokensOf: (node: NodeId): readonly string[] =>
      keyring.masterKeys().map((master) => nodeToken(master, node)),
  };
}

/** What the hub of a node is told, by the configuration, the keys and the hosts file as they are then. */
export function settingsSource(config: Config, { hosts, keyring }: NodeReach): (node: NodeId) => HubSettings {
  return (node) => {
    const spec = hosts.find(node);
    if (spec === undefined) throw new AppError("NODE_UNKNOWN", `${node} is not in the hosts file`, { node });
    const { jupyterhub, proxy_command: proxyCommand, ports, admin_users: adminUsers } = config.hub;
    return hubSettings(spec, {
      keys: keyring.keys(),
      ports,
      lobby: lobbiesOf(config, hosts.all()),
      adminUsers,
      homeGroup: config.home.read ? config.home.group : null,
      startTimeoutMs: startDeadlines(config).hubMs,
      ...(jupyterhub !== undefined && { jupyterhub }),
      ...(proxyCommand !== undefined && { proxyCommand }),
    });
  };
}

/** Hubs trusted to say who a visitor is: the configured ones, else the first node. */
export function lobbiesOf({ lobby }: Config, nodes: readonly NodeSpec[]): readonly NodeId[] {
  const staying = nodes.filter(({ isLeaving }) => isLeaving !== true);
  return lobby.length > 0 ? lobby : staying.slice(0, 1).map(({ id }) => id);
}
