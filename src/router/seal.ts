import { jwtVerify, SignJWT } from "jose";
import type { Clock } from "../ports.ts";

/** Puts claims into text that only we can have written, and takes them out again. */
export interface Seal {
  /** A compact JWS (HS256), good until `expiresAtMs`. */
  close(claims: Readonly<Record<string, unknown>>, expiresAtMs: number): Promise<string>;
  /** The claims, or `undefined` when the text is forged, expired, or of another kind. */
  open(text: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Signs with the first key and accepts any: that is how keys are rotated. `kind` keeps one seal's text out of another. */
export function createSeal(
  kind: string,
  keys: readonly Uint8Array[],
  { clock }: { readonly clock: Clock },
): Seal {
  const [newest] = keys;
  if (newest === undefined) throw new RangeError("a seal needs a key");
  const typ = `multijhub-${kind}`;

  async function openWith(text: string, key: Uint8Array) {
    const { payload } = await jwtVerify(text, key, {
      algorithms: ["HS256"],
      typ,
      requiredClaims: ["exp"],
      currentDate: new Date(clock.now()),
    });
    return payload;
  }

  return {
    close: (claims, expiresAtMs) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "HS256", typ })
        .setExpirationTime(Math.ceil(expiresAtMs / 1000))
        .sign(newest),
    async open(text) {
      for (const key of keys) {
        const claims = await openWith(text, key).catch(() => undefined);
        if (claims !== undefined) return claims;
      }
      return undefined;
    },
  };
}
