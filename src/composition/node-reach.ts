import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { NodeId } from "../model.ts";
import { createHosts, type Hosts } from "../nodes/hosts.ts";
import { createHostsFileWatcher } from "../nodes/io/hosts-file-watcher.ts";
import { createAgentRunner } from "../nodes/io/ssh-agent-runner.ts";
import { createSshPool, type SshPool, type SshPoolOptions } from "../nodes/io/ssh-pool.ts";
import { openStateDirectory, type StateDirectory } from "../nodes/io/state-directory.ts";
import type { Clock, Log, NodeAgent, Random } from "../ports.ts";

export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The nodes and the way to them: what `serve` and the commands that act on nodes have in common. */
export interface NodeReach extends System {
  readonly state: StateDirectory;
  readonly hosts: Hosts;
  readonly pool: SshPool;
  readonly agent: NodeAgent;
  readonly sshOptions: SshPoolOptions;
}

/** Opens the state directory and puts the parts together; starts nothing. Throws STATE_DIRECTORY. */
export async function createNodeReach(config: Config, system: System): Promise<NodeReach> {
  const state = await openStateDirectory(config.state_dir);
  const file = createHostsFileWatcher(config.hosts_file, { log: system.log });
  const hosts = createHosts({ ...system, file });
  const sshOptions = toSshOptions(config, state);
  function specOf(node: NodeId) {
    return hosts.find(node);
  }
  const pool = createSshPool({ ...system, specOf }, sshOptions);
  const hubTimeoutMs = config.hub.start_timeout + AGENT_GRACE_MS;
  const agent = createAgentRunner({ ...system, pool, specOf }, { hubTimeoutMs });
  return { ...system, state, hosts, pool, agent, sshOptions };
}

/** The agent's own deadline for a start has the better message: it comes first. */
const AGENT_GRACE_MS = 30_000;

function toSshOptions({ ssh }: Config, state: StateDirectory): SshPoolOptions {
  return {
    knownHostsFiles: [state.knownHostsPath, ...ssh.known_hosts],
    useAgent: ssh.agent,
    configFile: ssh.config_file ?? join(homedir(), ".ssh/config"),
    connectTimeoutMs: ssh.connect_timeout,
    keepaliveMs: ssh.keepalive,
    ...(ssh.key_file !== undefined && { keyFile: ssh.key_file }),
  };
}
