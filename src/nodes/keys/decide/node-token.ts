import { hkdfSync } from "node:crypto";
import type { NodeId } from "../../../model.ts";

/**
 * The token by which the router is a service of one node's hub: 64 hexadecimal digits derived from the master key
 * (HKDF-SHA-256). Whoever learns one node's token can compute no other node's.
 */
export function nodeToken(masterKey: Uint8Array, node: NodeId): string {
  const info = `multijhub/hub-service-token/v1/${node}`;
  return Buffer.from(hkdfSync("sha256", masterKey, new Uint8Array(), info, 32)).toString("hex");
}
