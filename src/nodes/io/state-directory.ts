import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
} from "node:crypto";
import { link, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../errors.ts";
import {
  checkPrivateDirectory,
  createOnce,
  exists,
  readPrivate,
  syncDirectory,
  unusable,
} from "./private-file.ts";

/** What the router keeps for ever: keys, and the host keys of the nodes. Nobody else on the machine may read it. */
export interface StateDirectory {
  readonly path: string;
  /** 32 bytes; every other secret is derived from it. */
  readonly masterKey: Buffer;
  /** Ed25519; signs tickets. */
  readonly ticketKey: KeyObject;
  /** SPKI PEM: the key in use, then the one that comes or the one that went, during a rotation. */
  readonly ticketPublicKeys: readonly string[];
  readonly knownHostsPath: string;
}

const MASTER_KEY = "master.key";
const MASTER_KEY_BYTES = 32;
const TICKET_KEY = "ticket-ed25519.pem";
const NEXT = `${TICKET_KEY}.next`;
const PREVIOUS = `${TICKET_KEY}.previous`;
const RESTORE = `Restore it from a backup. Removing it has a new one made: hubs then restart with new keys, servers go on.`;

/** Opens the directory, creating it and its keys where they are missing. Throws STATE_DIRECTORY; never replaces a key. */
export async function openStateDirectory(directory: string): Promise<StateDirectory> {
  const path = resolve(directory);
  return guarded(path, async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await checkPrivateDirectory(path);
    await createOnce(path, MASTER_KEY, () => randomBytes(MASTER_KEY_BYTES));
    await createOnce(path, TICKET_KEY, newTicketKey);
    const ticketKey = await readTicketKey(join(path, TICKET_KEY));
    const others = [await readIfThere(join(path, NEXT)), await readIfThere(join(path, PREVIOUS))];
    return {
      path,
      masterKey: await readMasterKey(join(path, MASTER_KEY)),
      ticketKey,
      ticketPublicKeys: [ticketKey, ...others.filter((key) => key !== undefined)].map(publicPem),
      knownHostsPath: join(path, "known_hosts"),
    };
  });
}

/**
 * One step of a rotation. First "prepared": the next key exists, and hubs learn it beside the one in use.
 * Then, once every hub has been told, "promoted": it signs, and the former one stays valid until the next rotation.
 */
export async function rotateTicketKey(directory: string): Promise<"prepared" | "promoted"> {
  const path = resolve(directory);
  return guarded(path, async () => {
    await checkPrivateDirectory(path);
    const [current, next, previous] = [TICKET_KEY, NEXT, PREVIOUS].map((name) => join(path, name)) as [
      string,
      string,
      string,
    ];
    await rm(previous, { force: true });
    if (!(await exists(next))) {
      await createOnce(path, NEXT, newTicketKey);
      return "prepared";
    }
    // A crash between these two leaves a key in use, and both public keys known.
    await link(current, previous);
    await rename(next, current);
    await syncDirectory(path);
    return "promoted";
  });
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

async function readIfThere(path: string): Promise<KeyObject | undefined> {
  return (await exists(path)) ? readTicketKey(path) : undefined;
}

function newTicketKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
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
