import { descend, enter, leaving, stat } from "./descriptors.ts";
import { codeOf, reasonFor, Unreadable } from "./unreadable.ts";

const RUNTIME = [".local", "share", "jupyter", "runtime"];

/** Accounts that own no home: root, and nobody, as whom a file server shows those it does not know. */
const NOT_AN_OWNER = new Set([0n, 65_534n]);

/**
 * Walks from a home to its runtime directory, one component at a time, and does `work` there. The way to the home is
 * the site's own; inside it every component must be a directory of the home's owner and no symbolic link, or the
 * user would choose what is read. Nothing in it is resolved with `undefined` in place of the directory.
 */
export function inRuntimeDirectory<T>(
  home: string,
  work: (directory: number | undefined, owner: bigint) => Promise<T>,
): Promise<T> {
  return opened(enter(home), home, async (fd) => {
    const owner = (await stat(fd)).uid;
    if (NOT_AN_OWNER.has(owner)) throw new Unreadable(`${home} belongs to no user (uid ${owner})`);
    return down(fd, home, RUNTIME, owner, work);
  });
}

async function down<T>(
  directory: number,
  path: string,
  [name, ...deeper]: readonly string[],
  owner: bigint,
  work: (directory: number | undefined, owner: bigint) => Promise<T>,
): Promise<T> {
  if (name === undefined) return work(directory, owner);
  const next = `${path}/${name}`;
  const child = descend(directory, name);
  if (await isMissing(child)) return work(undefined, owner);
  return opened(child, next, async (fd) => {
    if ((await stat(fd)).uid !== owner) throw new Unreadable(`${next} does not belong to the home's owner`);
    return down(fd, next, deeper, owner, work);
  });
}

async function opened<T>(fd: Promise<number>, path: string, work: (fd: number) => Promise<T>): Promise<T> {
  return leaving(
    await fd.catch((err: unknown) => {
      throw reasonFor(path, err);
    }),
    work,
  );
}

async function isMissing(fd: Promise<number>): Promise<boolean> {
  try {
    await fd;
    return false;
  } catch (err) {
    return codeOf(err) === "ENOENT";
  }
}
