import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { NodeId, NodeSpec } from "../model.ts";
import { createCluster } from "../nodes/cluster.ts";
import { hubSettings, type HubSettings } from "../nodes/decide/hub-settings.ts";
import { nodeToken } from "../nodes/decide/node-token.ts";
import { createHubKeeper } from "../nodes/hub-keeper.ts";
import { createHubApi } from "../nodes/io/hub-api.ts";
import { createHubClient } from "../nodes/io/hub-client.ts";
import { createLobby } from "../nodes/io/hub-lobby.ts";
import { createNodeDialer } from "../nodes/io/node-dialer.ts";
import { createLoadSampler } from "../nodes/load-sampler.ts";
import { createPlacer } from "../nodes/placer.ts";
import { createPortCheck } from "../nodes/port-check.ts";
import { createReservations } from "../nodes/reservations.ts";
import { createVerifiedDialer } from "../nodes/verified-dialer.ts";
import { createWarmHubs } from "../nodes/warm-hubs.ts";
import type { NodeReach } from "./node-reach.ts";

export type Nodes = ReturnType<typeof composeNodes>;

/** Load, placement, hubs and the connections to them; what is heard of a node is passed to all who must know. */
export function composeNodes(config: Config, reach: NodeReach) {
  const { clock, random, log, hosts, pool, agent, state } = reach;
  const expireAfterMs = config.hub.start_timeout + config.server.start_timeout + HUB_GRACE_MS;
  const reservations = createReservations({ clock }, { expireAfterMs });
  const cluster = createCluster({ hosts, reservations, clock, log });
  const sampler = createLoadSampler(
    { hosts, agent, events: cluster.events, clock, random },
    { everyMs: config.placement.sample_every },
  );
  const placer = createPlacer({ cluster, reservations, clock, log }, placementPolicy(config));

  const dialer = createVerifiedDialer(
    {
      dialer: createNodeDialer({ pool, clock, specOf: (node) => hosts.find(node) }),
      ports: createPortCheck(agent, log),
      clock,
    },
    { hubPorts: config.hub.ports, trustMs: TRUST_MS },
  );
  const hubClient = createHubClient(dialer, { proxyPortOf: () => config.hub.ports.proxy });
  function tokenOf(node: NodeId): string {
    return nodeToken(state.masterKey, node);
  }
  const hubApi = createHubApi(hubClient, { tokenOf, startTimeoutMs: config.server.start_timeout });
  const lobby = createLobby(hubClient, log, { tokenOf });
  const keeper = createHubKeeper(
    { agent, health: hubApi, settingsOf: settingsSource(config, reach), clock, log },
    { trustMs: TRUST_MS, pollMs: 200, graceMs: HUB_GRACE_MS, lookMs: 5000 },
  );

  const lobbies = createWarmHubs(
    { keeper, nodes: () => lobbiesOf(config, hosts.all()), clock, log },
    { everyMs: WARM_MS },
  );

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
  return { cluster, sampler, placer, dialer, hubClient, hubApi, lobby, lobbies, keeper, suspect };
}

/** How often the lobbies' hubs are looked at. */
const WARM_MS = 5000;
/** How long an agent's word on who owns a hub's ports is good for. */
const TRUST_MS = 3000;
/** The agent's own deadline for a start comes first: it has the better message. */
const HUB_GRACE_MS = 15_000;

function placementPolicy({ placement }: Config) {
  return {
    maxSampleAgeMs: placement.max_sample_age,
    server: { memoryBytes: placement.server_memory, cores: placement.server_cores },
    headroomBytes: placement.memory_headroom,
  };
}

function settingsSource(config: Config, { hosts, state }: NodeReach): (node: NodeId) => HubSettings {
  return (node) => {
    const spec = hosts.find(node);
    if (spec === undefined) throw new AppError("NODE_UNKNOWN", `${node} is not in the hosts file`, { node });
    const {
      jupyterhub,
      proxy_command: proxyCommand,
      ports,
      admin_users: adminUsers,
      start_timeout,
    } = config.hub;
    return hubSettings(spec, {
      masterKey: state.masterKey,
      ports,
      ticketKeys: state.ticketPublicKeys,
      lobby: lobbiesOf(config, hosts.all()),
      adminUsers,
      startTimeoutMs: start_timeout,
      ...(jupyterhub !== undefined && { jupyterhub }),
      ...(proxyCommand !== undefined && { proxyCommand }),
    });
  };
}

/** Hubs trusted to say who a visitor is: the configured ones, else the first node. */
export function lobbiesOf({ lobby }: Config, nodes: readonly NodeSpec[]): readonly NodeId[] {
  return lobby.length > 0 ? lobby : nodes.slice(0, 1).map(({ id }) => id);
}
