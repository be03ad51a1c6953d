import { type Socket, connect } from "node:net";
import { AppError } from "../../src/errors.ts";
import type { NodeId } from "../../src/model.ts";
import type { NodeDialer } from "../../src/ports.ts";

export interface FakeNodeDialer extends NodeDialer {
  /** Says that what listens on `actual` of this machine is port `port` of the node. */
  listen(node: NodeId, port: number, actual: number): void;
  /** From now on dialling the node fails so, and its streams are lost. `undefined` heals it. */
  cutOff(node: NodeId, cause: AppError | undefined): void;
}

/** Dials loopback ports of this machine in place of the nodes'; what nobody listens on is TUNNEL_REFUSED. */
export function createFakeNodeDialer(): FakeNodeDialer {
  const ports = new Map<string, number>();
  const outages = new Map<NodeId, AppError>();
  const open = new Set<{ readonly node: NodeId; readonly socket: Socket }>();

  function refused(node: NodeId, port: number): AppError {
    return new AppError("TUNNEL_REFUSED", `nothing answers on port ${port} of ${node}`);
  }

  return {
    listen(node, port, actual) {
      ports.set(`${node}:${port}`, actual);
    },
    cutOff(node, cause) {
      if (cause === undefined) {
        outages.delete(node);
        return;
      }
      outages.set(node, cause);
      const lost = new AppError("TUNNEL_LOST", `the SSH connection to ${node} was lost`, { cause });
      for (const entry of open) if (entry.node === node) entry.socket.destroy(lost);
    },
    dial(node, port, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const outage = outages.get(node);
        if (outage) throw outage;
        const actual = ports.get(`${node}:${port}`);
        if (actual === undefined) throw refused(node, port);
        const socket = connect({ port: actual, host: "127.0.0.1", noDelay: true });
        socket.once("connect", () => {
          const entry = { node, socket };
          open.add(entry);
          socket.once("close", () => open.delete(entry));
          resolve(socket);
        });
        socket.on("error", () => {
          reject(refused(node, port));
        });
        signal.addEventListener(
          "abort",
          () => {
            reject(signal.reason as Error);
            if (socket.connecting) socket.destroy();
          },
          { once: true },
        );
      });
    },
  };
}
