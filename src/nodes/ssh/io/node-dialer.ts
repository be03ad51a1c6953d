import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { AppError } from "../../../errors.ts";
import type { NodeId, NodeSpec } from "../../../model.ts";
import type { Clock, NodeDialer } from "../../../ports.ts";
import type { SshPool } from "./ssh-pool.ts";

export interface NodeDialerDeps {
  readonly pool: Pick<SshPool, "client">;
  specOf(node: NodeId): NodeSpec | undefined;
  readonly clock: Clock;
}

const DIAL_TIMEOUT_MS = 10_000;

/**
 * Opens byte streams to ports of nodes: through the node's SSH connection to its loopback, or straight to its
 * address where `transport: direct`. Throws TUNNEL_REFUSED where nothing listens, TUNNEL_LOST, NODE_TIMEOUT,
 * NODE_UNKNOWN, and the codes of the connection.
 */
export function createNodeDialer(deps: NodeDialerDeps, { dialTimeoutMs = DIAL_TIMEOUT_MS } = {}): NodeDialer {
  async function open(spec: NodeSpec, port: number, signal: AbortSignal): Promise<Duplex> {
    if (spec.transport === "direct") return dialDirect(spec, port, signal);
    const connection = await deps.pool.client(spec.id, signal);
    return connection.tunnel({ port }, signal);
  }

  return {
    async dial(node, port, signal) {
      signal.throwIfAborted();
      const spec = deps.specOf(node);
      if (spec === undefined)
        throw new AppError("NODE_UNKNOWN", `${node} is not in the hosts file`, { node });
      const deadline = deps.clock.deadline(dialTimeoutMs);
      try {
        return await open(spec, port, AbortSignal.any([signal, deadline]));
      } catch (err) {
        signal.throwIfAborted();
        if (deadline.aborted) throw tooSlow(node, port, dialTimeoutMs);
        throw err;
      }
    },
  };
}

function dialDirect(spec: NodeSpec, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: spec.address, port, noDelay: true, allowHalfOpen: true });
    function onAbort(): void {
      socket.destroy(signal.reason as Error);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (err: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", onAbort);
      reject(signal.aborted ? err : directError(spec, port, err));
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function directError(spec: NodeSpec, port: number, cause: NodeJS.ErrnoException): AppError {
  const code = cause.code === "ECONNREFUSED" ? "TUNNEL_REFUSED" : "NODE_UNREACHABLE";
  return new AppError(
    code,
    `no connection to port ${port} of ${spec.id} (${spec.address}): ${cause.message}`,
    {
      remedy: "with transport=direct the port must be open to the router",
      node: spec.id,
      cause,
    },
  );
}

function tooSlow(node: NodeId, port: number, timeoutMs: number): AppError {
  return new AppError("NODE_TIMEOUT", `port ${port} of ${node} did not answer within ${timeoutMs / 1000} s`, {
    remedy: `look at the load of ${node}`,
    node,
  });
}
