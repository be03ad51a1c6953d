import type { HomeFolder, NodeFacts } from "./node-facts.ts";

/** The router's own look at a home. */
export type RouterHome =
  { readonly problem: string } | { readonly inode: number; readonly changedMs: number };

/** All nodes that answered, side by side. */
export interface ClusterSituation {
  readonly nodes: readonly { readonly node: string; readonly facts: NodeFacts }[];
  /** The accounts that were compared. */
  readonly accounts: readonly string[];
  readonly homeGroup: string | null;
  /** Whether the router reads homes at all, and what it saw of those of `accounts`. */
  readonly readsHomes: boolean;
  readonly routerHomes: ReadonlyMap<string, RouterHome>;
  readonly routerGids: readonly number[];
}

type SeenFolder = Exclude<HomeFolder, { readonly problem: string }>;

export interface Seen {
  readonly node: string;
  readonly uid: number;
  readonly home: string;
  readonly folder: HomeFolder | null;
}

/** A network file system, by the name the kernel has for it. */
export function isRemote(fileSystem: string): boolean {
  return /^(nfs|cifs|smb3|9p|ceph|lustre|beegfs|afs|gpfs|fuse\.(ceph|glusterfs|sshfs))/.test(fileSystem);
}

/**
 * Inodes alone do not tell: machines that were set up from one image have the same on disks of their own. A client of
 * a network file system may keep a change time for long, but inodes there are the server's.
 */
export function isSame(a: SeenFolder, b: { readonly inode: number; readonly changedMs: number }): boolean {
  if (a.inode !== b.inode) return false;
  return isRemote(a.fileSystem) || Math.abs(a.changedMs - b.changedMs) < ATTRIBUTES_KEPT_MS;
}
const ATTRIBUTES_KEPT_MS = 60_000;

/** One account, on the nodes that know it. */
export function seenOf(name: string, { nodes }: Pick<ClusterSituation, "nodes">): readonly Seen[] {
  return nodes.flatMap(({ node, facts }) => {
    const told = facts.accounts.find((each) => each.name === name);
    if (told?.account == null) return [];
    return [{ node, uid: told.account.uid, home: told.account.home, folder: told.folder }];
  });
}

export function foldersOf(
  seen: readonly Seen[],
): readonly (Omit<Seen, "folder"> & { readonly folder: SeenFolder })[] {
  return seen.flatMap(({ folder, ...rest }) =>
    folder === null || "problem" in folder ? [] : [{ ...rest, folder }],
  );
}

/** Every home of the compared accounts that could be looked at, with the tools of its node. */
export function allFolders({ nodes, accounts }: Pick<ClusterSituation, "nodes" | "accounts">) {
  return nodes.flatMap(({ node, facts }) =>
    accounts.flatMap((name) =>
      foldersOf(seenOf(name, { nodes: [{ node, facts }] })).map((each) => ({
        ...each,
        tools: facts.aclTools,
      })),
    ),
  );
}
