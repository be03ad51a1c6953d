import { createNodeDialer } from "../../../../src/nodes/ssh/io/node-dialer.ts";
import { describeNodeDialer } from "../../../contract/node-dialer.ts";
import { NODE, makeSpec, startSshWorld } from "../../../support/ssh-world.ts";
import { systemClock } from "../../../support/system-clock.ts";

describeNodeDialer("through an SSH server in this process", async () => {
  const world = await startSshWorld();
  return {
    dialer: createNodeDialer({ ...world, clock: systemClock }),
    node: NODE,
    cutOff: () => {
      world.server.dropConnections();
    },
    heal: () => Promise.resolve(),
    stop: () => world.stop(),
  };
});

describeNodeDialer("straight to the node's address", async () => {
  const world = await startSshWorld();
  const spec = makeSpec(world.server.port, { transport: "direct" });
  return {
    dialer: createNodeDialer({ pool: world.pool, specOf: () => spec, clock: systemClock }),
    node: NODE,
    stop: () => world.stop(),
  };
});
