import type { Duplex } from "node:stream";
import { Pool } from "undici";
import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";

/** The open connections to one hub's proxy. */
interface HubPool {
  readonly calls: Pool;
  /** Apart, so that many who wait for their servers do not hold up the calls. */
  readonly streams: Pool;
}

export interface HubPools {
  of(node: NodeId): HubPool;
  forget(node: NodeId): Promise<void>;
  close(): Promise<void>;
}

const CALL_CONNECTIONS = 8;

/** One pool a node, opened when it is first asked for; `dial` makes the connections. */
export function createHubPools(dial: (node: NodeId) => Promise<Duplex>, silenceTimeoutMs: number): HubPools {
  const pools = new Map<NodeId, HubPool>();

  function of(node: NodeId): HubPool {
    const known = pools.get(node);
    if (known !== undefined) return known;
    const connect = connectorTo(node);
    const fresh = {
      calls: new Pool("http://hub.invalid", { connect, connections: CALL_CONNECTIONS }),
      streams: new Pool("http://hub.invalid", { connect, bodyTimeout: silenceTimeoutMs }),
    };
    pools.set(node, fresh);
    return fresh;
  }

  function connectorTo(node: NodeId) {
    return (_: object, done: (...result: [Error, null] | [null, never]) => void) => {
      dial(node).then(
        (stream) => {
          // undici's types ask for a net.Socket; it uses a stream.
          done(null, stream as never);
        },
        (err: unknown) => {
          done(err as Error, null);
        },
      );
    };
  }

  async function forget(node: NodeId): Promise<void> {
    const known = pools.get(node);
    pools.delete(node);
    if (known === undefined) return;
    const gone = new AppError("HUB_UNREACHABLE", `the router has let go of ${node}`, { node });
    await Promise.all([known.calls.destroy(gone), known.streams.destroy(gone)]);
  }

  return {
    of,
    forget,
    async close() {
      await Promise.all([...pools.keys()].map(forget));
    },
  };
}
