import { createHash, createPublicKey, type KeyObject } from "node:crypto";

/** A key in use; and, while keys are rotated, the one that comes, which others learn before it takes over. */
export interface KeyPair<K> {
  readonly current: K;
  readonly next?: K;
}

/** The router's own keys. */
export interface KeySet {
  /** 32 bytes; every other secret is derived from it. */
  readonly master: KeyPair<Uint8Array>;
  /** Ed25519; signs tickets. */
  readonly ticket: KeyPair<KeyObject>;
}

/** Both keys of a pair, the one that comes first: it seals already what only routers open. */
export function newestFirst<K>({ current, next }: KeyPair<K>): readonly K[] {
  return next === undefined ? [current] : [next, current];
}

/** SPKI PEM, the key in use first. */
export function publicKeysOf({ ticket }: KeySet): readonly string[] {
  return newestFirst(ticket).map(publicPem).toReversed();
}

/** Tells keys apart, and tells nothing of them. */
export function keyId(key: Uint8Array | KeyObject): string {
  const bytes = key instanceof Uint8Array ? key : publicPem(key);
  return createHash("sha256").update("multijhub key id ").update(bytes).digest("hex").slice(0, 12);
}

/** What two sets have in common if nothing was rotated between them. */
export function idsOf({ master, ticket }: KeySet): string {
  return [...newestFirst(master), ...newestFirst(ticket)].map(keyId).join(" ");
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
}
