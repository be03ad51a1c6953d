import { homedir } from "node:os";
import { join } from "node:path";
import { createAuditFile } from "../audit-file.ts";
import type { Config } from "../config.ts";
import type { NodeId, NodeSpec } from "../model.ts";
import { createHosts, type Hosts } from "../nodes/inventory/hosts.ts";
import { createHostsFileWatcher } from "../nodes/inventory/io/hosts-file-watcher.ts";
import { openNodeMemory } from "../nodes/inventory/io/node-memory.ts";
import { createAgentRunner } from "../nodes/ssh/io/ssh-agent-runner.ts";
import { createKeyring, type Keyring } from "../nodes/keys/keyring.ts";
import { createSshPool, type SshPool, type SshPoolOptions } from "../nodes/ssh/io/ssh-pool.ts";
import { knownHostsIn, openStateDirectory, type StateDirectory } from "../nodes/keys/io/state-directory.ts";
import type { Audit, Clock, Log, NodeAgent, Random } from "../ports.ts";
import { startDeadlines } from "./start-deadlines.ts";

export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The nodes and the way to them: what `serve` and the commands that act on nodes have in common. */
export interface NodeReach extends System {
  readonly state: StateDirectory;
  readonly audit: Audit;
  readonly keyring: Keyring;
  readonly hosts: Hosts;
  readonly pool: SshPool;
  readonly agent: NodeAgent;
  readonly sshOptions: SshPoolOptions;
}

/**
 * Opens the state directory and puts the parts together; starts nothing. The router that serves remembers the nodes,
 * so that one which leaves the hosts file is still reached until it is empty. Throws STATE_DIRECTORY.
 */
export async function createNodeReach(
  config: Config,
  system: System,
  { remembersNodes = false }: { readonly remembersNodes?: boolean } = {},
): Promise<NodeReach> {
  const state = await openStateDirectory(config.state_dir);
  const file = createHostsFileWatcher(config.hosts_file, { log: system.log });
  const memory = remembersNodes ? await openNodeMemory(join(state.path, "nodes.json")) : undefined;
  const hosts = createHosts({ ...system, file, ...(memory && { memory }) });
  const lines = createNodeLines(config, system, hosts.find);
  const audit = createAuditFile(join(state.path, "audit.jsonl"), system, { maxBytes: AUDIT_BYTES });
  return { ...system, ...lines, state, audit, keyring: createKeyring(state), hosts };
}

const AUDIT_BYTES = 16 * 1024 * 1024;

export type NodeLines = Pick<NodeReach, "pool" | "agent" | "sshOptions">;

/** Connections to the nodes that `specOf` knows, and their agents; makes nothing on disk. */
export function createNodeLines(
  config: Config,
  system: System,
  specOf: (node: NodeId) => NodeSpec | undefined,
): NodeLines {
  const sshOptions = toSshOptions(config);
  const pool = createSshPool({ ...system, specOf }, sshOptions);
  const hubTimeoutMs = startDeadlines(config).agentMs;
  return { pool, sshOptions, agent: createAgentRunner({ ...system, pool, specOf }, { hubTimeoutMs }) };
}

function toSshOptions({ ssh, state_dir }: Config): SshPoolOptions {
  return {
    knownHostsFiles: [knownHostsIn(state_dir), ...ssh.known_hosts],
    useAgent: ssh.agent,
    configFile: ssh.config_file ?? join(homedir(), ".ssh/config"),
    connectTimeoutMs: ssh.connect_timeout,
    keepaliveMs: ssh.keepalive,
    ...(ssh.key_file !== undefined && { keyFile: ssh.key_file }),
  };
}
