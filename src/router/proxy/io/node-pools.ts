import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Pool } from "undici";
import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { NodeDialer } from "../../../ports.ts";

export interface NodePoolOptions {
  /** The hub's proxy on every node. */
  readonly port: number;
  readonly dialTimeoutMs: number;
  /** How long an answer's headers may take. */
  readonly answerTimeoutMs: number;
  /** How long an answer may pause in its middle. */
  readonly idleTimeoutMs: number;
  readonly maxHeaderSize: number;
  /** Connections to one node at a time; more requests wait. */
  readonly maxConnections: number;
}

/** Keep-alive connections to each node's hub proxy, made by a dialer. */
export interface NodePools {
  of(node: NodeId): Pool;
  /** Breaks every connection. */
  close(): Promise<void>;
}

export function createNodePools(dialer: NodeDialer, options: NodePoolOptions): NodePools {
  const pools = new Map<NodeId, Pool>();

  async function dial(node: NodeId): Promise<Duplex> {
    const deadline = AbortSignal.timeout(options.dialTimeoutMs);
    try {
      return await dialer.dial(node, options.port, deadline);
    } catch (cause) {
      if (!deadline.aborted || cause instanceof AppError) throw cause;
      throw new AppError("NODE_TIMEOUT", `${node} did not answer in time`, { cause, node });
    }
  }

  function createPool(node: NodeId): Pool {
    return new Pool(`http://${node}`, {
      // undici needs no more of a socket than a Duplex has, as the contract tests show for a tunnel.
      connect: (_options, done) => {
        dial(node).then(
          (socket) => {
            // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
            done(null, socket as Socket);
          },
          (error: unknown) => {
            done(error as Error, null);
          },
        );
      },
      allowH2: false,
      pipelining: 1,
      connections: options.maxConnections,
      headersTimeout: options.answerTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
      maxHeaderSize: options.maxHeaderSize,
    });
  }

  return {
    of(node) {
      let pool = pools.get(node);
      if (pool === undefined) {
        pool = createPool(node);
        pools.set(node, pool);
      }
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.destroy(new AppError("STOPPING", "the router stops"))));
    },
  };
}
