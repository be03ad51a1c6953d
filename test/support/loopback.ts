import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { freePort } from "./free-port.ts";

export interface Loopback {
  /** Serves on a free port of loopback, or on a Unix socket; resolves with the port (0 for a Unix socket). */
  serve(
    handle: (socket: Socket) => void,
    options?: { allowHalfOpen?: boolean; path?: string },
  ): Promise<number>;
  /** A port nobody listens on. */
  freePort(): Promise<number>;
  /** Ends every server and every connection it has. */
  close(): void;
}

/** TCP servers of a test, that leave nothing behind. */
export function createLoopback(): Loopback {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();

  async function listen(
    handle: (socket: Socket) => void,
    allowHalfOpen: boolean,
    path?: string,
  ): Promise<Server> {
    const server = createServer({ allowHalfOpen }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
      handle(socket);
    });
    servers.add(server);
    server.listen(path ?? { port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    return server;
  }

  return {
    async serve(handle, { allowHalfOpen = false, path } = {}) {
      const server = await listen(handle, allowHalfOpen, path);
      return path === undefined ? (server.address() as AddressInfo).port : 0;
    },
    freePort,
    close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
      servers.clear();
    },
  };
}
