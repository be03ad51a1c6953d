import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** What a key is for. One master key yields an unrelated key for each. */
export type KeyPurpose = "session" | "state" | "bind" | "form" | "nonce" | "header" | "admin-host";

/** A 32-byte key for one purpose, derived from the state directory's master key (HKDF-SHA256). */
export function deriveKey(master: Uint8Array, purpose: KeyPurpose): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, "", `multijhub ${purpose} 1`, 32));
}

/** The newest first, two while keys are rotated; the same array until they change. */
export type Keys = () => readonly Uint8Array[];

/** The keys for one purpose, derived once from each set of master keys. */
export function derivedKeys(masters: Keys, purpose: KeyPurpose): Keys {
  let source: readonly Uint8Array[] | undefined;
  let keys: readonly Uint8Array[] = [];
  return () => {
    const now = masters();
    if (now !== source) keys = now.map((master) => deriveKey(master, purpose));
    source = now;
    return keys;
  };
}

/** The key that signs. */
export function newestOf(keys: Keys): Uint8Array {
  const [newest] = keys();
  if (newest === undefined) throw new RangeError("no key to sign with");
  return newest;
}

/** HMAC-SHA256 of parts that no separator can blur, base64url. */
export function mac(key: Uint8Array, ...parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}

/** Compares secrets in a time that does not tell where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
