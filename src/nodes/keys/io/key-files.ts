import { createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { keyId, type KeyPair, type KeySet } from "../decide/key-set.ts";
import { createOnce, exists, readPrivate, syncDirectory, unusable } from "./private-file.ts";

/** One key, as a person may see it. */
export interface KeyInfo {
  readonly kind: "master" | "ticket";
  readonly id: string;
  readonly state: "in use" | "coming";
  readonly createdAtMs: number;
}

interface KeyFile<K> {
  readonly kind: KeyInfo["kind"];
  readonly name: string;
  readonly make: () => Buffer | string;
  readonly read: (path: string) => Promise<K>;
}

const MASTER_KEY_BYTES = 32;
const MASTER: KeyFile<Buffer> = {
  kind: "master",
  name: "master.key",
  make: () => randomBytes(MASTER_KEY_BYTES),
  read: readMasterKey,
};
const TICKET: KeyFile<KeyObject> = {
  kind: "ticket",
  name: "ticket-ed25519.pem",
  make: newTicketKey,
  read: readTicketKey,
};
const FILES = [MASTER, TICKET] as const;
const RESTORE = `Restore it from a backup. Removing it has a new one made: hubs then restart with new keys, servers go on.`;

/** Makes the keys that are missing; never replaces one. */
export async function createKeys(directory: string): Promise<void> {
  for (const { name, make } of FILES) await createOnce(directory, name, make);
}

/** Throws STATE_DIRECTORY for what is missing, damaged, or readable by others. */
export async function readKeys(directory: string): Promise<KeySet> {
  return { master: await readPair(directory, MASTER), ticket: await readPair(directory, TICKET) };
}

/** Makes the keys that come, beside those in use. After a crash in between it makes what is missing. */
export async function prepareKeys(directory: string): Promise<void> {
  for (const { name, make } of FILES) await createOnce(directory, nextOf(name), make);
}

/** Puts the keys that come in the place of those in use, which are gone then. After a crash in between it goes on. */
export async function promoteKeys(directory: string): Promise<void> {
  for (const { name } of FILES) {
    const next = join(directory, nextOf(name));
    if (await exists(next)) await rename(next, join(directory, name));
  }
  await syncDirectory(directory);
}

/** Every key, without its secret. */
export async function listKeys(directory: string): Promise<readonly KeyInfo[]> {
  const keys = await readKeys(directory);
  const both = [infoOf(directory, MASTER, keys.master), infoOf(directory, TICKET, keys.ticket)];
  return (await Promise.all(both)).flat();
}

async function infoOf<K extends Uint8Array | KeyObject>(
  directory: string,
  { kind, name }: KeyFile<K>,
  { current, next }: KeyPair<K>,
): Promise<KeyInfo[]> {
  async function info(key: K, file: string, state: KeyInfo["state"]): Promise<KeyInfo> {
    const { mtimeMs } = await stat(join(directory, file));
    return { kind, id: keyId(key), state, createdAtMs: Math.round(mtimeMs) };
  }
  const inUse = await info(current, name, "in use");
  return next === undefined ? [inUse] : [inUse, await info(next, nextOf(name), "coming")];
}

async function readPair<K>(directory: string, { name, read }: KeyFile<K>): Promise<KeyPair<K>> {
  const next = join(directory, nextOf(name));
  const coming = (await exists(next)) ? await read(next) : undefined;
  const current = await read(join(directory, name));
  return { current, ...(coming !== undefined && { next: coming }) };
}

function nextOf(name: string): string {
  return `${name}.next`;
}

async function readMasterKey(path: string): Promise<Buffer> {
  const key = await readPrivate(path);
  if (key.length === MASTER_KEY_BYTES) return key;
  throw unusable(path, `holds ${key.length} bytes instead of ${MASTER_KEY_BYTES}`, RESTORE);
}

async function readTicketKey(path: string): Promise<KeyObject> {
  const pem = await readPrivate(path);
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below, without the text of the file.
  }
  throw unusable(path, "is not an Ed25519 private key", RESTORE);
}

function newTicketKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
