import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A joined pair of connections. */
export interface Splice {
  destroy(): void;
}

export interface SpliceOptions {
  /** Breaks both if the client's side moved no byte for so long. */
  readonly idleTimeoutMs: number;
  /** Both are gone, or on their way out. */
  readonly onClose: () => void;
}

/**
 * Joins a browser's connection with a node's: bytes and half-closes pass both ways with back-pressure. When one
 * side has closed, the other gets what is still under way; when one breaks, the other breaks.
 */
export function spliceSockets(client: Socket, node: Duplex, options: SpliceOptions): Splice {
  function destroy(): void {
    client.destroy();
    node.destroy();
  }
  client.setTimeout(options.idleTimeoutMs, destroy);
  client.setNoDelay(true);
  follow(client, node, options.onClose);
  follow(node, client, options.onClose);
  client.pipe(node);
  node.pipe(client);
  return { destroy };
}

function follow(socket: Duplex, other: Duplex, onClose: () => void): void {
  socket.on("error", () => other.destroy());
  socket.on("close", () => {
    if (!socket.readableEnded || other.destroyed) other.destroy();
    else other.end(() => other.destroy());
    onClose();
  });
}
