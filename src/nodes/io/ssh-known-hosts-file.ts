import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
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
  const lines = (await readIfThere(file)).split("\n").filter((line) => line.trim() !== "");
  const wanted = new Set(keys.map(({ key }) => key));
  const kept = lines.filter((line) => {
    const pin = pinsOf(parseKnownHosts(line, file), labels)[0];
    return pin === undefined || (!replace && !wanted.has(pin.key));
  });
  const added = keys.map(({ keyType, key }) => `${labels[0] ?? target.host} ${keyType} ${key}`);
  await replaceFile(file, [...kept, ...added, ""].join("\n"));
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

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.part`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
