import type { Config } from "../config.ts";
import type { NodeId, NodeView } from "../model.ts";
import { createAgentWarnings } from "../nodes/upkeep/agent-warnings.ts";
import type { Cluster } from "../nodes/cluster/cluster.ts";
import type { HubSettings } from "../nodes/hubs/decide/hub-settings.ts";
import type { HubKeeperService } from "../nodes/hubs/hub-keeper.ts";
import { createEmptyHubs } from "../nodes/upkeep/empty-hubs.ts";
import { warmNodes } from "../nodes/upkeep/decide/hub-use.ts";
import type { HubGate } from "../nodes/hubs/hub-gate.ts";
import { createHubRollout } from "../nodes/upkeep/hub-rollout.ts";
import { createHubUpgrade } from "../nodes/upkeep/hub-upgrade.ts";
import { createHubRescue } from "../nodes/upkeep/hub-rescue.ts";
import { createHungHubs } from "../nodes/upkeep/hung-hubs.ts";
import { createKeyRotation } from "../nodes/keys/key-rotation.ts";
import { createWarmHubs } from "../nodes/upkeep/warm-hubs.ts";
import type { NodeReach } from "./node-reach.ts";

interface UpkeepParts {
  readonly keeper: HubKeeperService;
  readonly cluster: Cluster;
  readonly settingsOf: (node: NodeId) => HubSettings;
  readonly lobbies: () => readonly NodeId[];
  readonly gate: HubGate;
  readonly suspect: (node: NodeId) => void;
  readonly isLeader: () => boolean;
}

/** What keeps hubs as they should be, also while nobody asks for them. */
export function composeUpkeep(config: Config, reach: NodeReach, parts: UpkeepParts) {
  const { keeper, cluster, settingsOf } = parts;
  const hubRescue = createHubRescue(
    { ...reach, hubs: keeper, inUse: () => nodesThat(cluster, haveServers) },
    { everyMs: LOOK_MS },
  );
  function kept(): readonly NodeId[] {
    return [...new Set([...parts.lobbies(), ...warmNodes(cluster.snapshot().nodes, config.hub.warm)])];
  }
  const warmHubs = createWarmHubs({ ...reach, keeper, nodes: kept }, { everyMs: WARM_MS });
  const emptyHubs = createEmptyHubs(
    { ...reach, ...parts, kept },
    { everyMs: LOOK_MS, stopAfterMs: stopsEmptyAfter(config), stopMs: STOP_MS },
  );
  const hungHubs = createHungHubs(
    { ...reach, ...parts },
    { everyMs: LOOK_MS, hungAfterMs: config.hub.hung_after },
  );
  const rollout = createHubRollout(
    { ...reach, ...parts, upgrade: createHubUpgrade({ ...reach, settingsOf }) },
    { everyMs: ROLL_MS, isAutomatic: config.hub.roll === "auto", pauseMs: PAUSE_MS, nodeMs: 20_000 },
  );
  const keyRotation = createKeyRotation(
    { ...reach, hubs: keeper, nodes: () => reach.hosts.all().map(({ id }) => id) },
    { everyMs: KEYS_MS, settledMs: Math.max(config.session.idle, FORM_MS) },
  );
  const warnings = createAgentWarnings(
    { ...reach, settingsOf, nodes: () => nodesThat(cluster, isUp), events: cluster.events },
    { everyMs: LOOK_MS, againMs: WARNINGS_MS, unfitAgainMs: 30_000, nodeMs: 20_000 },
  );
  const { hubUse, stopEmptyHub } = emptyHubs;
  return { warmHubs, emptyHubs, hubUse, stopEmptyHub, hungHubs, rollout, hubRescue, keyRotation, warnings };
}

/** For how long nobody must have used a hub that is stopped without a plan; undefined: none is. */
function stopsEmptyAfter({ hub, rebalance }: Config): number | undefined {
  const isPlanned = rebalance.stop_empty_hubs && rebalance.mode !== "off";
  return isPlanned ? undefined : hub.stop_empty_after;
}

function nodesThat(cluster: Cluster, areSo: (node: NodeView) => boolean): NodeId[] {
  return cluster
    .snapshot()
    .nodes.filter(areSo)
    .map(({ spec }) => spec.id);
}

/** Jobs run elsewhere: while their hub is away nothing tells whether there are any. */
function haveServers({ spec, state, load }: NodeView): boolean {
  return (load?.servers ?? 0) > 0 || (spec.places === "jobs" && state === "up");
}

function isUp({ state }: NodeView): boolean {
  return state === "up";
}

/** How often hubs that are kept warm are looked at. */
const WARM_MS = 5000;
/** How often nodes are looked over for something to do. */
const LOOK_MS = 5000;
/** How often hubs are compared with what they would be started with. */
const ROLL_MS = 60_000;
/** How long after a failure no hub is started anew for its configuration. */
const PAUSE_MS = 600_000;
/** How long a hub and its proxy may take to end. */
const STOP_MS = 60_000;
/** How often a node is asked what an admin should know of it. */
const WARNINGS_MS = 600_000;
/** How often the state directory is looked at for new keys. */
const KEYS_MS = 5000;
/** A person may sit at the sign-in form for an hour. */
const FORM_MS = 3_600_000;
