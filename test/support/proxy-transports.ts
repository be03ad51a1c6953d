import type { NodeId } from "../../src/model.ts";
import { createNodeDialer } from "../../src/nodes/ssh/io/node-dialer.ts";
import type { NodeDialer } from "../../src/ports.ts";
import type { Transport } from "./proxy-fixture.ts";
import { makeSpec, startSshWorld } from "./ssh-world.ts";
import { systemClock } from "./system-clock.ts";

/** The ways to a node that every contract of the proxy is kept over. */
export const TRANSPORTS: readonly { readonly name: string; readonly transport: Transport }[] = [
  { name: "transport=direct", transport: directTransport },
  { name: "an SSH tunnel", transport: sshTransport },
];

async function sshTransport(port: () => number): ReturnType<Transport> {
  const world = await startSshWorld();
  const dialer = createNodeDialer({ pool: world.pool, specOf: world.specOf, clock: systemClock });
  return { dialer: toPort(dialer, port), close: () => world.stop() };
}

function directTransport(port: () => number): ReturnType<Transport> {
  const spec = makeSpec(22, { transport: "direct" });
  function specOf(node: NodeId): typeof spec | undefined {
    return node === spec.id ? spec : undefined;
  }
  const noPool = { client: () => Promise.reject(new Error("no SSH here")) };
  const dialer = createNodeDialer({ pool: noPool, specOf, clock: systemClock });
  return Promise.resolve({ dialer: toPort(dialer, port), close: () => Promise.resolve() });
}

function toPort(dialer: NodeDialer, port: () => number): NodeDialer {
  return { dial: (node, _port, signal) => dialer.dial(node, port(), signal) };
}
