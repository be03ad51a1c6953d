import { jwtVerify, SignJWT } from "jose";
import type { Clock } from "../../ports.ts";
import { newestOf, type Keys } from "./decide/keys.ts";

/** Puts claims into text that only we can have written, and takes them out again. */
export interface Seal {
  /** A compact JWS (HS256), good until `expiresAtMs`. */
  close(claims: Claims, expiresAtMs: number): Promise<string>;
  /** The claims, or `undefined` when the text is forged, expired, or of another kind. */
  open(text: string): Promise<Claims | undefined>;
  /** Whether it was signed with the newest key; an older one will go some day. */
  isNewest(text: string): Promise<boolean>;
}

type Claims = Readonly<Record<string, unknown>>;

/** Signs with the first key and accepts any: that is how keys are rotated. `kind` keeps one seal's text out of another. */
export function createSeal(kind: string, keys: Keys, { clock }: { readonly clock: Clock }): Seal {
  const typ = `multijhub-${kind}`;

  async function openWith(text: string, key: Uint8Array): Promise<Claims | undefined> {
    const opened = await jwtVerify(text, key, {
      algorithms: ["HS256"],
      typ,
      requiredClaims: ["exp"],
      currentDate: new Date(clock.now()),
    }).catch(() => undefined);
    return opened?.payload;
  }

  return {
    close: (claims, expiresAtMs) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "HS256", typ })
        .setExpirationTime(Math.ceil(expiresAtMs / 1000))
        .sign(newestOf(keys)),
    async open(text) {
      for (const key of keys()) {
        const claims = await openWith(text, key);
        if (claims !== undefined) return claims;
      }
      return undefined;
    },
    isNewest: async (text) => (await openWith(text, newestOf(keys))) !== undefined,
  };
}
