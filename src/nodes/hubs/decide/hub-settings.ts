import type { NodeId, NodeSpec } from "../../../model.ts";
import { publicKeysOf, type KeySet } from "../../keys/decide/key-set.ts";
import { nodeToken } from "../../keys/decide/node-token.ts";

export interface HubPorts {
  readonly proxy: number;
  readonly hub: number;
  readonly api: number;
}

/** What the agent is told by `start-hub`. Holds service tokens: never logged. */
export interface HubSettings {
  readonly node: NodeId;
  readonly baseUrl: string;
  readonly ports: HubPorts;
  readonly jupyterhub: string | null;
  readonly proxyCommand: readonly string[] | null;
  readonly serviceToken: string;
  /** The token that comes, while keys are rotated: good as well. */
  readonly nextServiceToken: string | null;
  readonly ticketKeys: readonly string[];
  readonly lobby: boolean;
  readonly adminUsers: readonly string[];
  /** Whose members may read what servers publish in their owners' homes; null: nothing is granted. */
  readonly homeGroup: string | null;
  /** The hub's proxy listens on every address of the node, not on loopback only: `transport: direct`. */
  readonly openPort: boolean;
  readonly startTimeoutMs: number;
}

/** What all hubs have in common. */
export interface HubDefaults {
  readonly keys: KeySet;
  readonly ports: HubPorts;
  readonly lobby: readonly NodeId[];
  readonly adminUsers: readonly string[];
  readonly homeGroup?: string | null;
  readonly startTimeoutMs: number;
  /** Where the commands are, on nodes whose line of the hosts file does not say; else the agent looks for them. */
  readonly jupyterhub?: string;
  readonly proxyCommand?: readonly string[];
}

/** The settings of one node's hub. The same input gives the same text, which is how the agent knows a change. */
export function hubSettings(spec: NodeSpec, defaults: HubDefaults): HubSettings {
  const { keys, ports, lobby, adminUsers, startTimeoutMs } = defaults;
  const { current, next } = keys.master;
  return {
    node: spec.id,
    baseUrl: `/n/${spec.id}/`,
    ports,
    jupyterhub: spec.jupyterhub ?? defaults.jupyterhub ?? null,
    proxyCommand: spec.proxyCommand === undefined ? (defaults.proxyCommand ?? null) : [spec.proxyCommand],
    serviceToken: nodeToken(current, spec.id),
    nextServiceToken: next === undefined ? null : nodeToken(next, spec.id),
    ticketKeys: publicKeysOf(keys),
    lobby: lobby.includes(spec.id),
    adminUsers: adminUsers.toSorted(),
    homeGroup: defaults.homeGroup ?? null,
    openPort: spec.transport === "direct",
    startTimeoutMs,
  };
}
