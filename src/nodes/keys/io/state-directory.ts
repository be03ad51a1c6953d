import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../../errors.ts";
import type { KeySet } from "../decide/key-set.ts";
import { createKeys, listKeys, prepareKeys, promoteKeys, readKeys, type KeyInfo } from "./key-files.ts";
import { checkPrivateDirectory } from "./private-file.ts";

/** What the router keeps for ever: keys, and the host keys of the nodes. Nobody else on the machine may read it. */
export interface StateDirectory {
  readonly path: string;
  /** As they were when the directory was opened. */
  readonly keys: KeySet;
  readonly knownHostsPath: string;
  /** As they are now. */
  readKeys(): Promise<KeySet>;
  /** What there is to show of them. */
  listKeys(): Promise<readonly KeyInfo[]>;
  /** Has new keys made beside those in use; nothing happens if they are there. */
  prepareKeys(): Promise<void>;
  /** The new keys take over; the former are gone. */
  promoteKeys(): Promise<void>;
}

/** Opens the directory, creating it and its keys where they are missing. Throws STATE_DIRECTORY; never replaces a key. */
export async function openStateDirectory(directory: string): Promise<StateDirectory> {
  const path = resolve(directory);

  function checked<T>(work: (path: string) => Promise<T>): Promise<T> {
    return guarded(path, async () => {
      await checkPrivateDirectory(path);
      return work(path);
    });
  }

  await guarded(path, async () => mkdir(path, { recursive: true, mode: 0o700 }));
  await checked(createKeys);
  return {
    path,
    keys: await checked(readKeys),
    knownHostsPath: knownHostsIn(path),
    readKeys: () => checked(readKeys),
    listKeys: () => checked(listKeys),
    prepareKeys: () => checked(prepareKeys),
    promoteKeys: () => checked(promoteKeys),
  };
}

/** The host keys that `trust` has pinned. */
export function knownHostsIn(directory: string): string {
  return join(resolve(directory), "known_hosts");
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const remedy = `Make ${path} a directory on a local disk that the router's account owns, with mode 0700.`;
    const why = (cause as Error).message;
    throw new AppError("STATE_DIRECTORY", `the state directory ${path} cannot be used: ${why}`, {
      remedy,
      cause,
    });
  }
}
