import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { spliceSockets, type Splice } from "./upgrade-splice.ts";

/** A client's wish to change the protocol of its connection. */
export interface UpgradeRequest {
  readonly protocol: string;
  readonly socket: Socket;
  /** What the client has already sent beyond its request. */
  readonly head: Buffer;
}

/** The upgraded connections that are open. */
export interface Upgrades {
  /** Passes a node's consent on to the client and joins the two connections. */
  join(response: ServerResponse, request: UpgradeRequest, headers: readonly string[], node: Duplex): void;
  /** Breaks them all. */
  close(): void;
}

export function createUpgrades(idleTimeoutMs: number): Upgrades {
  const splices = new Set<Splice>();

  return {
    join(response, { socket, head, protocol }, headers, node) {
      response.detachSocket(socket);
      if (socket.destroyed) {
        node.destroy();
        return;
      }
      socket.write(consent(protocol, headers), "latin1");
      if (head.length > 0) node.write(head);
      const splice = spliceSockets(socket, node, { idleTimeoutMs, onClose: () => splices.delete(splice) });
      splices.add(splice);
    },
    close() {
      for (const splice of splices) splice.destroy();
    },
  };
}

function consent(protocol: string, headers: readonly string[]): string {
  const all = ["Connection", "Upgrade", "Upgrade", protocol, ...headers];
  const lines = all.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`));
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}
