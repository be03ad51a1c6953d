import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { parseJsonText } from "../../json-text.ts";

/** A text, and how often it was written anew: of two, the one with the greater revision counts. */
export interface Revision {
  readonly revision: number;
  readonly body: string;
}

const Sealed = z.object({ revision: z.number(), body: z.string(), mac: z.string() });

/** Makes a text that only a router of the site can have written, and only under this name. */
export function sealText(name: string, { revision, body }: Revision, key: Uint8Array): string {
  return JSON.stringify({ revision, body, mac: macOf(name, { revision, body }, key) });
}

/** What was sealed by one of these keys under this name; undefined for anything else. */
export function openText(
  name: string,
  text: string | undefined,
  keys: readonly Uint8Array[],
): Revision | undefined {
  const sealed = parseJsonText(Sealed, text);
  if (sealed === undefined) return undefined;
  const { mac, ...said } = sealed;
  return keys.some((key) => isSame(mac, macOf(name, said, key))) ? said : undefined;
}

function macOf(name: string, { revision, body }: Revision, master: Uint8Array): string {
  const key = new Uint8Array(hkdfSync("sha256", master, "", "multijhub rebalancing 1", 32));
  return createHmac("sha256", key)
    .update(JSON.stringify([name, revision, body]))
    .digest("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
