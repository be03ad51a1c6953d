import * as fs from "node:fs";
import { promisify } from "node:util";

/** Bare file descriptors: a third cheaper than file handles, and there are thousands of homes. */

const open = promisify(fs.open);
const close = promisify(fs.close);
const fstat: (fd: number, options: { bigint: true }) => Promise<fs.BigIntStats> = promisify(fs.fstat);

/** Linux's O_PATH, which Node does not name: a place without the right to read it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** Symbolic links on the way are followed, and an automount is triggered: for places that only root can make. */
export function enter(path: string): Promise<number> {
  return open(`${path}/.`, O_PATH | O_DIRECTORY);
}

/** A directory in an open directory; never a symbolic link. */
export function descend(directory: number, name: string): Promise<number> {
  return open(entryOf(directory, name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

/** An open directory once more, with the right to list it. */
export function openToList(directory: number): Promise<number> {
  return open(entryOf(directory, "."), O_RDONLY | O_DIRECTORY);
}

/** A file in an open directory: never a symbolic link, and a FIFO or a device does not make us wait. */
export function openToRead(directory: number, name: string): Promise<number> {
  return open(entryOf(directory, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

export function stat(fd: number): Promise<fs.BigIntStats> {
  return fstat(fd, { bigint: true });
}

/** Does `work` and closes the file, whatever comes of it. */
export async function closing<T>(fd: number, work: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await work(fd);
  } finally {
    await close(fd);
  }
}

/** The same for a directory, the closing of which no file system is asked about and nobody waits for. */
export async function leaving<T>(fd: number, work: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await work(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The path of an entry of an open directory, wherever that directory has been moved to. */
export function entryOf(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}
