import type { ClusterSituation } from "../../src/checks/decide/homes.ts";
import type { NodeSituation } from "../../src/checks/decide/node-checks.ts";
import type { NodeFacts } from "../../src/checks/decide/node-facts.ts";
import type { RouterSituation } from "../../src/checks/decide/router-checks.ts";

/** A site where all is well, for tests that break one thing of it. */
const GIB = 1024 ** 3;
export const NOW_MS = 1_800_000_000_000;

export const ALICE = {
  name: "alice",
  account: { uid: 2001, gid: 2001, home: "/home/alice" },
  folder: {
    inode: 77,
    changedMs: NOW_MS - 1000,
    uid: 2001,
    fileSystem: "ext4",
    source: "/dev/sda1",
    options: "rw",
    acl: "posix" as const,
  },
};

export const FACTS: NodeFacts = {
  hostname: "node1",
  clockMs: NOW_MS + 50,
  python: "3.11.2",
  systemd: true,
  memoryTotalBytes: 8 * GIB,
  memoryAvailableBytes: 6 * GIB,
  jupyterhub: { command: "/opt/jupyterhub/bin/jupyterhub", version: "5.5.1" },
  proxy: { command: ["/usr/bin/configurable-http-proxy"] },
  uid: 0,
  agent: { version: "0.1.0", contentHash: "abc" },
  listeners: [],
  portWarnings: [],
  disks: [{ path: "/var/lib/multijhub", freeBytes: 20 * GIB, freeInodes: 1_000_000 }],
  limits: { openFiles: 65_536, processes: null },
  userLimits: [],
  otherHubs: [],
  aclTools: ["setfacl"],
  group: { name: "multijhub", gid: 990 },
  accounts: [ALICE],
};

export function nodeSituation(facts: Partial<NodeFacts> = {}): NodeSituation {
  return {
    node: "node1",
    facts: { ...FACTS, ...facts },
    askedAtMs: NOW_MS,
    answeredAtMs: NOW_MS + 100,
    agentHash: "abc",
    headroomBytes: GIB / 2,
  };
}

export function clusterSituation(
  second: Partial<NodeFacts> = {},
  changes: Partial<ClusterSituation> = {},
): ClusterSituation {
  return {
    nodes: [
      { node: "node1", facts: FACTS },
      { node: "node2", facts: { ...FACTS, ...second } },
    ],
    accounts: ["alice"],
    homeGroup: "multijhub",
    readsHomes: true,
    routerHomes: new Map([["alice", ALICE.folder]]),
    routerGids: [990],
    ...changes,
  };
}

export const ROUTER: RouterSituation = {
  nowMs: NOW_MS,
  uid: 990,
  configFile: "/etc/multijhub/config.yaml",
  state: {
    path: "/var/lib/multijhub",
    found: { isDirectory: true, uid: 990, mode: 0o40700 },
    freeBytes: GIB,
    isWritable: true,
  },
  keys: { ok: true, words: "2 keys" },
  hosts: { path: "/etc/multijhub/hosts", nodes: 3, problems: [] },
  sshKey: { path: "/etc/multijhub/key", mode: 0o100600 },
  secrets: [],
  listen: { place: "127.0.0.1:8000", port: 8000, outcome: "free" },
  tls: undefined,
  cache: undefined,
};
