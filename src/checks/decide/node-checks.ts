import { type Check, ok, type Verdict, warning, wrong } from "./finding.ts";
import type { NodeFacts } from "./node-facts.ts";

/** What a node told, and what the router expects of it. Times of the router's clock. */
export interface NodeSituation {
  readonly node: string;
  readonly facts: NodeFacts;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** SHA-256 of the agent that `provision` would install. */
  readonly agentHash: string;
  readonly headroomBytes: number;
}

const OLDEST = [5, 0, 0];
const SECURE = [5, 5, 1];
const CLOCK_TOLERANCE_MS = 5_000;
/** Signed tickets and Kerberos begin to fail there. */
const CLOCK_WRONG_MS = 60_000;
const DISK_WRONG_BYTES = 32 * 1024 ** 2;
const DISK_LOW_BYTES = 512 * 1024 ** 2;
const FEW_INODES = 1_000;
const FEW_OPEN_FILES = 1_024;
const FEW_PROCESSES = 1_024;

/** What one node must have by itself. */
export const NODE_CHECKS: readonly Check<NodeSituation>[] = [
  { name: "agent", judge: judgeAgent },
  { name: "root", judge: judgeRoot },
  { name: "clock", judge: judgeClock },
  { name: "JupyterHub", judge: judgeJupyterHub },
  { name: "proxy", judge: judgeProxy },
  { name: "ports", judge: judgePorts },
  { name: "disk", judge: ({ node, facts }) => facts.disks.map((disk) => judgeDisk(node, disk)) },
  { name: "memory", judge: judgeMemory },
  { name: "other hubs", judge: judgeOtherHubs },
  { name: "limits", judge: judgeLimits },
  { name: "PAM limits", judge: judgePamLimits },
  { name: "systemd", judge: judgeSystemd },
];

function judgeAgent({ node, facts, agentHash }: NodeSituation): Verdict {
  const { version, contentHash } = facts.agent;
  if (contentHash === agentHash) return ok(`${version}, Python ${facts.python}`);
  const remedy = `multijhub provision ${node}`;
  if (contentHash !== null) return warning(`the agent is another one than this router's`, remedy);
  return warning(`the agent ${version} was not installed by \`multijhub provision\``, remedy);
}

function judgeRoot({ node, facts }: NodeSituation): Verdict {
  if (facts.uid === 0) return ok("the agent runs as root");
  return wrong(
    `the agent runs as uid ${facts.uid} and can start servers of no other account`,
    `in the hosts file, say user=root or become=sudo for ${node}`,
  );
}

function judgeClock({ node, facts, askedAtMs, answeredAtMs }: NodeSituation): Verdict {
  const early = Math.max(0, askedAtMs - facts.clockMs);
  const late = Math.max(0, facts.clockMs - answeredAtMs);
  const offMs = Math.max(early, late);
  if (offMs <= CLOCK_TOLERANCE_MS) return ok("agrees with the router's");
  const words = `the clock is ${Math.round(offMs / 1000)} s ${early > 0 ? "behind" : "ahead of"} the router's`;
  const remedy = `ssh ${node} timedatectl set-ntp true   # or chronyc makestep`;
  return offMs > CLOCK_WRONG_MS ? wrong(words, remedy) : warning(words, remedy);
}

function judgeJupyterHub({ node, facts: { jupyterhub } }: NodeSituation): Verdict {
  const install = `on ${node}: python3 -m venv /opt/jupyterhub && /opt/jupyterhub/bin/pip install 'jupyterhub>=5.5.1' jupyterlab`;
  if (jupyterhub === null) return wrong("no JupyterHub was found", install);
  const { command, version } = jupyterhub;
  const words = `JupyterHub ${version} at ${command}`;
  if (isOlder(version, OLDEST)) return wrong(`${words} is too old; 5.0 is the oldest that works`, install);
  if (isOlder(version, SECURE)) {
    return warning(`${words} has published security advisories`, `on ${node}: upgrade it to 5.5.1 or newer`);
  }
  return ok(words);
}

function judgeProxy({ node, facts: { proxy } }: NodeSituation): Verdict {
  if (proxy !== null) return ok(proxy.command.join(" "));
  return wrong(
    "no configurable-http-proxy was found",
    `on ${node}: npm install -g configurable-http-proxy   # or apt-get install node-configurable-http-proxy`,
  );
}

function judgePorts({ node, facts: { listeners, portWarnings } }: NodeSituation): readonly Verdict[] {
  const strangers = listeners.filter(({ isOurs }) => !isOurs);
  const taken = strangers.map(({ port, address, uid, user, pid }) => {
    const who = `${user ?? "an account without a name"} (uid ${uid}, pid ${pid ?? "unknown"})`;
    const remedy = `on ${node}: stop that process, or give the nodes other ports with hub.ports   # ss -ltnp 'sport = :${port}'`;
    return wrong(`port ${port} is taken on ${address} by ${who}`, remedy);
  });
  const open = portWarnings.map((words) =>
    warning(words, `on ${node}: sysctl -w net.ipv4.ip_unprivileged_port_start=1024`),
  );
  if (taken.length + open.length > 0) return [...taken, ...open];
  return [ok(listeners.length > 0 ? "hub and proxy of ours listen" : "free")];
}

function judgeDisk(node: string, { path, freeBytes, freeInodes }: NodeFacts["disks"][number]): Verdict {
  const remedy = `on ${node}: df -h ${path}; df -i ${path}`;
  if (freeBytes < DISK_WRONG_BYTES) return wrong(`${mib(freeBytes)} MiB are free for ${path}`, remedy);
  if (freeInodes === 0) return wrong(`no inode is free for ${path}`, remedy);
  if (freeBytes < DISK_LOW_BYTES) return warning(`${mib(freeBytes)} MiB are free for ${path}`, remedy);
  if (freeInodes !== null && freeInodes < FEW_INODES) {
    return warning(`${freeInodes} inodes are free for ${path}`, remedy);
  }
  return ok(`${mib(freeBytes)} MiB are free for ${path}`);
}

function judgeMemory({ node, facts, headroomBytes }: NodeSituation): Verdict {
  const words = `${mib(facts.memoryAvailableBytes)} of ${mib(facts.memoryTotalBytes)} MiB are available`;
  if (facts.memoryAvailableBytes > headroomBytes) return ok(words);
  const remedy = `on ${node}: free -m; or lower placement.memory_headroom, now ${mib(headroomBytes)}M`;
  return warning(`${words}: no server is placed there`, remedy);
}

function judgeOtherHubs({ node, facts: { otherHubs } }: NodeSituation): readonly Verdict[] {
  if (otherHubs.length === 0) return [ok("none")];
  return otherHubs.map(({ pid, program, user }) =>
    warning(
      `${program} runs already, as ${user ?? "an unknown account"}, pid ${pid}`,
      `on ${node}: systemctl status ${pid}; if users are to come in here only, systemctl disable --now its unit`,
    ),
  );
}

function judgeLimits({ node, facts: { limits } }: NodeSituation): readonly Verdict[] {
  const { openFiles, processes } = limits;
  const few = [
    ...(openFiles !== null && openFiles < FEW_OPEN_FILES
      ? [`${openFiles} open files (nofile), less than ${FEW_OPEN_FILES}`]
      : []),
    ...(processes !== null && processes < FEW_PROCESSES
      ? [`${processes} processes (nproc), less than ${FEW_PROCESSES}`]
      : []),
  ];
  if (few.length === 0) return [ok("open files and processes suffice")];
  const remedy = `on ${node}: raise it in /etc/security/limits.conf for root, and in the unit of sshd`;
  return few.map((words) => warning(`hub and servers are limited to ${words}`, remedy));
}

const PAM_ITEMS = {
  nofile: { words: "open files", least: FEW_OPEN_FILES },
  nproc: { words: "processes", least: FEW_PROCESSES },
} as const;

/** For whoever starts something in a login of their own, or where a spawner opens PAM sessions. */
function judgePamLimits({ node, facts: { userLimits } }: NodeSituation): readonly Verdict[] {
  const low = userLimits.filter(({ item, value }) => value < PAM_ITEMS[item].least);
  if (low.length === 0) return [ok("sessions of users may have enough open files and processes")];
  return low.map(({ domain, item, value, source }) => {
    const { words, least } = PAM_ITEMS[item];
    const found = `sessions of ${domain === "*" ? "users" : domain} may have ${value} ${words} (${item})`;
    const [file = source] = source.split(":");
    return warning(`${found}, less than ${least}: ${source}`, `on ${node}: raise it in ${file}`);
  });
}

function judgeSystemd({ facts: { systemd } }: NodeSituation): Verdict {
  return ok(systemd ? "hub and proxy will be units" : "not there: hub and proxy will be detached processes");
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
  const differing = than.findIndex((wanted, i) => (parts[i] ?? 0) !== wanted);
  return differing >= 0 && (parts[differing] ?? 0) < (than[differing] ?? 0);
}

function mib(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
