import { createServer, type RequestListener } from "node:http";
import { chmod, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { once } from "node:events";
import { AppError } from "../../../errors.ts";
import type { Service } from "../../../ports.ts";

/**
 * Serves the API on a Unix socket that only the router's account (and root) may open.
 * A socket left by a router that died is replaced; one that answers means that a router runs: STATE_DIRECTORY.
 */
export function createAdminSocket(path: string, listener: RequestListener): Service {
  const server = createServer(listener);

  return {
    async start() {
      if (await answers(path)) {
        throw new AppError("STATE_DIRECTORY", `another router answers at ${path}`, {
          remedy: "stop it first, or give this one a state_dir of its own",
        });
      }
      await rm(path, { force: true });
      server.listen(path);
      await once(server, "listening");
      await chmod(path, 0o600);
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
