import { type Check, ok, skipped, type Verdict, warning, wrong } from "./finding.ts";
import {
  allFolders,
  type ClusterSituation,
  foldersOf,
  isRemote,
  isSame,
  type Seen,
  seenOf,
} from "./homes.ts";

/** What must be the same everywhere. */
export const CLUSTER_CHECKS: readonly Check<ClusterSituation>[] = [
  { name: "accounts", judge: forAccounts(judgeAccount) },
  { name: "homes", judge: forAccounts(judgeHome) },
  { name: "router sees homes", judge: judgeRouterView },
  { name: "home group", judge: judgeGroup },
  { name: "access lists", judge: judgeLists },
  { name: "Kerberos", judge: judgeKerberos },
  { name: "SQLite on homes", judge: judgeSqlite },
];

const NO_ACCOUNT = skipped(
  "no account to compare",
  "multijhub check --user NAME   # somebody who has a home",
);
const DO_NOT_READ = "home: {read: false} in the router's configuration";

function forAccounts(judge: (name: string, seen: readonly Seen[], situation: ClusterSituation) => Verdict) {
  return (situation: ClusterSituation): readonly Verdict[] =>
    situation.accounts.length === 0
      ? [NO_ACCOUNT]
      : situation.accounts.map((name) => judge(name, seenOf(name, situation), situation));
}

function judgeAccount(name: string, seen: readonly Seen[], { nodes }: ClusterSituation): Verdict {
  const missing = nodes.map(({ node }) => node).filter((node) => !seen.some((each) => each.node === node));
  const one = "use one directory for all nodes (LDAP, SSSD)";
  if (seen.length === 0) {
    return wrong(`${name} has an account on no node`, `useradd -m ${name} on every node, or ${one}`);
  }
  const { uid, home } = seen[0] as Seen;
  if (missing.length > 0) {
    const remedy = `on ${missing.join(", ")}: useradd -M -u ${uid} -d ${home} ${name}; or ${one}`;
    return wrong(`${name} has no account on ${missing.join(", ")}`, remedy);
  }
  const uids = seen.map((each) => `${each.uid} on ${each.node}`);
  if (seen.some((each) => each.uid !== uid)) {
    return wrong(
      `${name} has different uids: ${uids.join(", ")}`,
      `usermod -u ${uid} ${name} there, or ${one}`,
    );
  }
  const homes = seen.map((each) => `${each.home} on ${each.node}`);
  if (seen.some((each) => each.home !== home)) {
    return wrong(
      `${name} has different homes: ${homes.join(", ")}`,
      `usermod -d ${home} ${name} there, or ${one}`,
    );
  }
  return ok(`${name} is uid ${uid} with ${home} everywhere`);
}

function judgeHome(name: string, seen: readonly Seen[]): Verdict {
  const bad = seen.flatMap(({ node, home, folder }) =>
    folder !== null && "problem" in folder ? [{ node, home, problem: folder.problem }] : [],
  );
  const [first] = bad;
  if (first !== undefined) {
    const where = bad.map(({ node }) => node).join(", ");
    return wrong(
      `${first.home} on ${where}: ${first.problem}`,
      `on ${where}: findmnt -T ${first.home}; mount -a`,
    );
  }
  const folders = foldersOf(seen);
  const other = folders.find(
    ({ folder }) => !isSame(folder, (folders[0] as (typeof folders)[number]).folder),
  );
  if (other !== undefined) {
    const words = `the home of ${name} on ${other.node} is not the one on ${folders[0]?.node ?? ""}`;
    return wrong(
      words,
      `mount the shared homes on both: nfs-setup/client node --help; compare findmnt -T ${other.home}`,
    );
  }
  return folders.length === 0
    ? skipped(`no node has a home of ${name}`)
    : ok(`${name} has one home everywhere`);
}

function judgeRouterView(situation: ClusterSituation): readonly Verdict[] {
  const { readsHomes, routerHomes } = situation;
  if (!readsHomes) return [ok("home.read is false: the router looks at no home")];
  if (situation.accounts.length === 0) return [NO_ACCOUNT];
  const remedy = `mount the same homes here (nfs-setup/client router --help), name the place in home.path, or set ${DO_NOT_READ}`;
  return [...routerHomes].map(([name, here]) => {
    if ("problem" in here)
      return wrong(`the router cannot look at the home of ${name}: ${here.problem}`, remedy);
    const there = foldersOf(seenOf(name, situation))[0];
    if (there === undefined) return skipped(`no node has a home of ${name}`);
    if (isSame(there.folder, here)) return ok(`the router and the nodes see the same home of ${name}`);
    return wrong(`the home of ${name} that the router sees is not the one on ${there.node}`, remedy);
  });
}

function judgeGroup({ homeGroup, readsHomes, nodes, routerGids }: ClusterSituation): Verdict {
  if (homeGroup === null || !readsHomes) return ok("homes are not read, or nothing is granted");
  const having = nodes.flatMap(({ node, facts: { group } }) =>
    group === null ? [] : [{ node, gid: group.gid }],
  );
  const [first] = having;
  const missing = nodes.filter(({ facts }) => facts.group === null).map(({ node }) => node);
  if (missing.length > 0) {
    const option = first === undefined ? "--system" : `--gid ${first.gid}`;
    const remedy = `on ${missing.join(", ")}: groupadd ${option} ${homeGroup}`;
    return wrong(`there is no group ${homeGroup} on ${missing.join(", ")}`, remedy);
  }
  if (first === undefined) return skipped("no node has answered");
  if (having.some(({ gid }) => gid !== first.gid)) {
    const gids = having.map(({ node, gid }) => `${gid} on ${node}`).join(", ");
    return wrong(`${homeGroup} has different gids: ${gids}`, `groupmod -g ${first.gid} ${homeGroup} there`);
  }
  if (!routerGids.includes(first.gid)) {
    const remedy = `groupadd -g ${first.gid} ${homeGroup}; usermod -aG ${homeGroup} ACCOUNT; then restart the router`;
    return wrong(`the account that runs this is not in gid ${first.gid} (${homeGroup}) of the nodes`, remedy);
  }
  return ok(`${homeGroup} is gid ${first.gid} on every node, and the router is in it`);
}

function judgeLists({ readsHomes, homeGroup, ...situation }: ClusterSituation): Verdict {
  if (!readsHomes || homeGroup === null) return ok("homes are not read, or nothing is granted");
  const all = allFolders(situation);
  if (all.length === 0) return NO_ACCOUNT;
  const without = all.find(({ folder }) => folder.acl === null);
  if (without !== undefined) {
    const { home, node, folder } = without;
    return warning(
      `${folder.fileSystem}, which holds ${home} on ${node}, has no access lists`,
      `mount it with lists (docs/nfs.md), or set ${DO_NOT_READ}`,
    );
  }
  const lacking = all.find(({ folder, tools }) => !tools.includes(TOOL_OF[folder.acl ?? "posix"].command));
  if (lacking === undefined) return ok("the homes have access lists, and nodes have the tools");
  const { command, debian } = TOOL_OF[lacking.folder.acl ?? "posix"];
  return warning(`${lacking.node} has no ${command}`, `on ${lacking.node}: apt-get install ${debian}`);
}

const TOOL_OF = {
  posix: { command: "setfacl", debian: "acl" },
  nfs4: { command: "nfs4_setfacl", debian: "nfs4-acl-tools" },
} as const;

function judgeKerberos(situation: ClusterSituation): Verdict {
  const found = allFolders(situation).find(({ folder }) => /\bsec=krb5/.test(folder.options));
  if (found === undefined) return ok("no home is mounted with sec=krb5");
  return warning(
    `${found.home} on ${found.node} needs Kerberos tickets: servers outlive them, and hubs start without one`,
    "have tickets renewed (krenew, SSSD), and grant on the file server: nfs-setup/grant --homes; docs/nfs.md",
  );
}

/** Locks on NFS are slow or broken: notebooks hang at the first cell. */
function judgeSqlite(situation: ClusterSituation): Verdict {
  const found = allFolders(situation).find(({ folder }) => isRemote(folder.fileSystem));
  if (found === undefined) return ok("homes are on a local file system");
  return warning(
    `Jupyter keeps SQLite files in homes, and ${found.home} is on ${found.folder.fileSystem}`,
    `on the nodes, unless done: echo 'c.NotebookNotary.db_file = ":memory:"' >> /etc/jupyter/jupyter_server_config.py; ` +
      `echo 'c.HistoryManager.hist_file = ":memory:"' >> /etc/ipython/ipython_config.py`,
  );
}
