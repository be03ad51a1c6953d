import { CLUSTER_CHECKS } from "../checks/decide/cluster-checks.ts";
import { type Finding, judgeAll, ok, skipped } from "../checks/decide/finding.ts";
import { NODE_CHECKS } from "../checks/decide/node-checks.ts";
import { ROUTER_CHECKS } from "../checks/decide/router-checks.ts";
import { judgeFailure } from "../checks/decide/unreachable.ts";
import { lookAtHome, ownIds } from "../checks/io/router-machine.ts";
import { type NodeAnswer, surveyNodes } from "../checks/node-survey.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { NodeId, NodeSpec } from "../model.ts";
import { agentHash } from "../nodes/ssh/io/ssh-provisioner.ts";
import { createNodeLines, type System } from "./node-reach.ts";
import { gatherRouter, readHosts } from "./router-facts.ts";

export interface CheckRequest {
  readonly configFile: string;
  /** All nodes of the hosts file if empty. */
  readonly nodes: readonly string[];
  /** Accounts to compare beside the configured admins. */
  readonly users: readonly string[];
  readonly agentDirectory: string;
}

type Answered = Extract<NodeAnswer, { readonly failure?: undefined }>;

const AT_ONCE = 16;
/** For all of one node: the agent's own deadline for finding JupyterHub is 30 s. */
const NODE_MS = 40_000;
/** The agent compares no more at a time. */
const MOST_ACCOUNTS = 20;

/** Looks at the router, then at the nodes, then at all of them together. Tells each part as soon as it is judged. */
export async function runChecks(
  config: Config,
  system: System,
  request: CheckRequest,
  tell: (subject: string, findings: readonly Finding[]) => void,
): Promise<readonly Finding[]> {
  const hosts = await readHosts(config.hosts_file);
  const router = judgeAll(
    ROUTER,
    ROUTER_CHECKS,
    await gatherRouter(config, system, request.configFile, hosts),
  );
  tell(ROUTER, router);
  if (hosts.nodes.length === 0) return [...router, NO_NODES];
  const chosen = choose(hosts.nodes, request.nodes, config.hosts_file);
  const { answers, nodes } = await checkNodes(config, system, { ...request, chosen }, tell);
  const cluster = await checkCluster(config, request, answers);
  tell(ALL, cluster);
  return [...router, ...nodes, ...cluster];
}

const ROUTER = "router";
const ALL = "all nodes";
const NO_NODES: Finding = {
  subject: ALL,
  check: "reachable",
  ...skipped("no node is checked before the hosts file is faultless"),
};

function choose(known: readonly NodeSpec[], named: readonly string[], file: string): readonly NodeSpec[] {
  const unknown = named.find((name) => !known.some(({ id }) => id === name));
  if (unknown !== undefined) {
    const remedy = `${file} has ${known.map(({ id }) => id).join(", ")}`;
    throw new AppError("NODE_UNKNOWN", `${unknown} is not in the hosts file`, { remedy });
  }
  return named.length === 0 ? known : known.filter(({ id }) => named.includes(id));
}

async function checkNodes(
  config: Config,
  system: System,
  { chosen, users, agentDirectory }: CheckRequest & { readonly chosen: readonly NodeSpec[] },
  tell: (subject: string, findings: readonly Finding[]) => void,
): Promise<{ readonly answers: readonly Answered[]; readonly nodes: readonly Finding[] }> {
  const specs = new Map(chosen.map((spec) => [spec.id, spec]));
  const { pool, agent } = createNodeLines(config, system, (node) => specs.get(node));
  const hash = await agentHash(agentDirectory);
  const judged = new Map<NodeId, readonly Finding[]>();
  const deps = {
    ...system,
    agent,
    connect: (node: NodeId, signal: AbortSignal) => pool.client(node, signal),
    inputFor: (node: NodeId) => inputFor(config, specs.get(node), accountsOf(config, users)),
    onDone: (answer: NodeAnswer) => {
      const findings = judgeNode(answer, hash, config.placement.memory_headroom);
      judged.set(answer.node, findings);
      tell(answer.node, findings);
    },
  };
  await pool.start();
  try {
    const all = await surveyNodes([...specs.keys()], deps, { atOnce: AT_ONCE, nodeMs: NODE_MS });
    const answers = all.filter((answer) => answer.failure === undefined);
    return { answers, nodes: all.flatMap(({ node }) => judged.get(node) ?? []) };
  } finally {
    await pool.stop();
  }
}

function inputFor({ hub, home }: Config, spec: NodeSpec | undefined, accounts: readonly string[]): object {
  const proxy = spec?.proxyCommand === undefined ? hub.proxy_command : [spec.proxyCommand];
  return {
    jupyterhub: spec?.jupyterhub ?? hub.jupyterhub ?? null,
    proxyCommand: proxy ?? null,
    ports: hub.ports,
    group: home.group,
    accounts,
  };
}

function judgeNode(answer: NodeAnswer, hash: string, headroomBytes: number): readonly Finding[] {
  const { node } = answer;
  if (answer.failure !== undefined) {
    return [{ subject: node, check: "reachable", ...judgeFailure(node, answer.failure) }];
  }
  const situation = { ...answer, agentHash: hash, headroomBytes };
  return [
    { subject: node, check: "reachable", ...ok("its agent answers") },
    ...judgeAll(node, NODE_CHECKS, situation),
  ];
}

async function checkCluster(
  config: Config,
  { users }: CheckRequest,
  nodes: readonly Answered[],
): Promise<readonly Finding[]> {
  if (nodes.length === 0) return [{ subject: ALL, check: "accounts", ...skipped("no node has answered") }];
  const accounts = accountsOf(config, users);
  const { read: readsHomes, group: homeGroup } = config.home;
  const looks = readsHomes ? accounts.map((name) => lookAt(name, config, nodes)) : [];
  return judgeAll(ALL, CLUSTER_CHECKS, {
    nodes,
    accounts,
    homeGroup,
    readsHomes,
    routerHomes: new Map(await Promise.all(looks)),
    routerGids: ownIds().gids,
  });
}

async function lookAt(name: string, { home }: Config, nodes: readonly Answered[]) {
  const told = nodes
    .flatMap(({ facts }) => facts.accounts)
    .find((each) => each.name === name && each.account);
  const path = home.path?.replace("{user}", () => name) ?? told?.account?.home;
  const seen = path === undefined ? { problem: "no node knows it" } : await lookAtHome(path, home.deadline);
  return [name, seen] as const;
}

/** The people the configuration names, and those the command does. */
function accountsOf({ admin, hub }: Config, users: readonly string[]): readonly string[] {
  return [...new Set([...users, ...admin.users, ...hub.admin_users])].slice(0, MOST_ACCOUNTS);
}
