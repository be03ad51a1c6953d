import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeId, NodeSpec } from "../../src/model.ts";
import {
  type NodeConnectionState,
  type SshPool,
  type SshPoolOptions,
  createSshPool,
} from "../../src/nodes/ssh/io/ssh-pool.ts";
import { createMemoryLog } from "./memory-log.ts";
import { type SshKeyPair, type TestSshServer, makeSshKey, startSshServer } from "./ssh-server.ts";
import { createFixedRandom, systemClock } from "./system-clock.ts";

export const NODE = "node1" as NodeId;
export const never = new AbortController().signal;

/** A folder with a key and known_hosts, and what a pool needs to use them. */
export interface SshFolder {
  readonly key: SshKeyPair;
  readonly directory: string;
  readonly options: SshPoolOptions;
  trust(lines: string): void;
  remove(): void;
}

export function makeSshFolder(): SshFolder {
  const directory = mkdtempSync(join(tmpdir(), "mjh-key-"));
  const key = makeSshKey();
  const keyFile = join(directory, "id");
  const knownHosts = join(directory, "known_hosts");
  writeFileSync(keyFile, key.private, { mode: 0o600 });
  writeFileSync(knownHosts, "");
  return {
    key,
    directory,
    options: { keyFile, knownHostsFiles: [knownHosts], useAgent: false, connectTimeoutMs: 5_000 },
    trust(lines) {
      writeFileSync(knownHosts, lines);
    },
    remove() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function makeSpec(sshPort: number, more: Partial<NodeSpec> = {}): NodeSpec {
  return {
    id: NODE,
    address: "127.0.0.1",
    sshPort,
    sshUser: "root",
    become: "none",
    transport: "ssh",
    weight: 1,
    labels: [],
    ...more,
  };
}

/** A pool with one node, an SSH server in this process. */
export interface SshWorld {
  readonly folder: SshFolder;
  readonly server: TestSshServer;
  readonly pool: SshPool;
  readonly states: NodeConnectionState[];
  readonly specOf: (node: NodeId) => NodeSpec | undefined;
  /** Changes the node's line of the hosts file; undefined removes it. */
  setSpec(spec: NodeSpec | undefined): void;
  stop(): Promise<void>;
}

export async function startSshWorld(options: Partial<SshPoolOptions> = {}): Promise<SshWorld> {
  const folder = makeSshFolder();
  const server = await startSshServer({ authorizedKey: folder.key.public });
  folder.trust(server.knownHost);
  let spec: NodeSpec | undefined = makeSpec(server.port);
  function specOf(node: NodeId): NodeSpec | undefined {
    return node === NODE ? spec : undefined;
  }
  const deps = { specOf, clock: systemClock, random: createFixedRandom(), log: createMemoryLog() };
  const pool = createSshPool(deps, { ...folder.options, ...options });
  const states: NodeConnectionState[] = [];
  pool.onState((_node, state) => states.push(state));
  return {
    folder,
    server,
    pool,
    states,
    specOf,
    setSpec(value) {
      spec = value;
    },
    async stop() {
      await pool.stop();
      await server.stop();
      folder.remove();
    },
  };
}
