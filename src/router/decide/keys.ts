import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** What a key is for. One master key yields an unrelated key for each. */
export type KeyPurpose = "session" | "state" | "bind" | "form" | "nonce" | "header";

/** A 32-byte key for one purpose, derived from the state directory's master key (HKDF-SHA256). */
export function deriveKey(master: Uint8Array, purpose: KeyPurpose): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, "", `multijhub ${purpose} 1`, 32));
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
