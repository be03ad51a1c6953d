import { getEventListeners } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import { createNodeDialer } from "../../../../src/nodes/ssh/io/node-dialer.ts";
import { createSshPool } from "../../../../src/nodes/ssh/io/ssh-pool.ts";
import { createMemoryLog } from "../../../support/memory-log.ts";
import { makeSpec, never, NODE, startSshWorld, type SshWorld } from "../../../support/ssh-world.ts";
import { createFixedRandom, systemClock } from "../../../support/system-clock.ts";

/** A node that stays away is dialled again and again: nothing of a failed try may stay behind. */
let world: SshWorld;
let signals: AbortSignal[];

beforeEach(async () => {
  world = await startSshWorld();
  signals = [];
  const any = AbortSignal.any.bind(AbortSignal);
  jest.spyOn(AbortSignal, "any").mockImplementation((sources) => {
    const signal = any(sources);
    signals.push(signal);
    return signal;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await world.stop();
});

function listeners(): number {
  expect(signals).not.toHaveLength(0);
  return signals.reduce((sum, signal) => sum + getEventListeners(signal, "abort").length, 0);
}

/** How many are left by a try that failed, before the pool stops. */
async function leftBy(port: number): Promise<number> {
  const spec = makeSpec(port);
  const deps = {
    specOf: () => spec,
    clock: systemClock,
    random: createFixedRandom(),
    log: createMemoryLog(),
  };
  const pool = createSshPool(deps, world.folder.options);
  await expect(pool.client(NODE, never)).rejects.toHaveProperty("code");
  const left = listeners();
  await pool.stop();
  return left;
}

it("leaves no listener of a connection that was refused", async () => {
  expect(await leftBy(await closedPort())).toBe(0);
});

it("leaves no listener of a node whose host key is unknown", async () => {
  world.folder.trust("");
  expect(await leftBy(world.server.port)).toBe(0);
});

it("leaves no listener of a port of the node that is closed", async () => {
  const spec = makeSpec(1, { transport: "direct" });
  const dialer = createNodeDialer({ pool: world.pool, specOf: () => spec, clock: systemClock });
  await expect(dialer.dial(NODE, await closedPort(), never)).rejects.toMatchObject({
    code: "TUNNEL_REFUSED",
  });
  expect(listeners()).toBe(0);
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
