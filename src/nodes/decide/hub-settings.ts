import type { NodeId, NodeSpec } from "../../model.ts";
import { nodeToken } from "./node-token.ts";

export interface HubPorts {
  readonly proxy: number;
  readonly hub: number;
  readonly api: number;
}

/** What the agent is told by `start-hub`. Holds the service token: never logged. */
export interface HubSettings {
  readonly node: NodeId;
  readonly baseUrl: string;
  readonly ports: HubPorts;
  readonly jupyterhub: string | null;
  readonly proxyCommand: readonly string[] | null;
  readonly serviceToken: string;
  readonly ticketKeys: readonly string[];
  readonly lobby: boolean;
  readonly adminUsers: readonly string[];
  /** The hub's proxy listens on every address of the node, not on loopback only: `transport: direct`. */
  readonly openPort: boolean;
  readonly startTimeoutMs: number;
}

/** What all hubs have in common. */
export interface HubDefaults {
  readonly masterKey: Uint8Array;
  readonly ports: HubPorts;
  /** SPKI PEM. */
  readonly ticketKeys: readonly string[];
  readonly lobby: readonly NodeId[];
  readonly adminUsers: readonly string[];
  readonly startTimeoutMs: number;
  /** Where the commands are, on nodes whose line of the hosts file does not say; else the agent looks for them. */
  readonly jupyterhub?: string;
  readonly proxyCommand?: readonly string[];
}

/** The settings of one node's hub. The same input gives the same text, which is how the agent knows a change. */
export function hubSettings(spec: NodeSpec, defaults: HubDefaults): HubSettings {
  const { masterKey, ports, ticketKeys, lobby, adminUsers, startTimeoutMs } = defaults;
  return {
    node: spec.id,
    baseUrl: `/n/${spec.id}/`,
    ports,
    jupyterhub: spec.jupyterhub ?? defaults.jupyterhub ?? null,
    proxyCommand: spec.proxyCommand === undefined ? (defaults.proxyCommand ?? null) : [spec.proxyCommand],
    serviceToken: nodeToken(masterKey, spec.id),
    ticketKeys,
    lobby: lobby.includes(spec.id),
    adminUsers: adminUsers.toSorted(),
    openPort: spec.transport === "direct",
    startTimeoutMs,
  };
}
