import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseKnownHosts, pinsOf } from "../decide/known-hosts.ts";
import { labelsOf } from "./ssh-host-keys.ts";
import type { SshTarget } from "./ssh-target.ts";

export interface HostKey {
  readonly keyType: string;
  /** In SSH wire format, base64. */
  readonly key: string;
}

/**
 * Adds pins for a host to a known_hosts file; keys that are there stay once. With `replace`, pins of the host
 * in this file that are not among `keys` go. The file is replaced in one step, with mode 0600.
 */
export async function pinHostKeys(
  file: string,
  target: SshTarget,
  keys: readonly HostKey[],
  { replace = false } = {},
): Promise<void> {
  const labels = labelsOf(target);
  const wanted = new Set(keys.map(({ key }) => key));
  await rewrite(file, (lines) => {
    const kept = lines.filter((line) => {
      const pin = pinsOf(parseKnownHosts(line, file), labels)[0];
      return pin === undefined || (!replace && !wanted.has(pin.key));
    });
    return [...kept, ...keys.map(({ keyType, key }) => `${labels[0] ?? target.host} ${keyType} ${key}`)];
  });
}

/** The keys another known_hosts file (an administrator's, say) holds for the host. */
export async function readPinnedKeys(file: string, target: SshTarget): Promise<readonly HostKey[]> {
  return pinsOf(parseKnownHosts(await readFile(file, "utf8"), file), labelsOf(target));
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw err;
  }
}

/** A writer takes at most some milliseconds: one that has been at it this long is dead. */
const ABANDONED_AFTER_MS = 5_000;

/** The new file is also the lock: many nodes may be trusted at once, by several commands. */
async function rewrite(file: string, change: (lines: readonly string[]) => readonly string[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.new`;
  const handle = await openAlone(temporary);
  try {
    const lines = (await readIfThere(file)).split("\n").filter((line) => line.trim() !== "");
    await handle.writeFile([...change(lines), ""].join("\n"));
    await handle.sync();
    await rename(temporary, file);
  } catch (err) {
    await rm(temporary, { force: true });
    throw err;
  } finally {
    await handle.close();
  }
}

async function openAlone(temporary: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(temporary, "wx", 0o600);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== "EEXIST") throw err;
      await removeAbandoned(temporary);
      await sleep(5 + Math.random() * 20);
    }
  }
}

async function removeAbandoned(temporary: string): Promise<void> {
  const found = await stat(temporary).catch(() => undefined);
  if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(temporary, { force: true });
}
