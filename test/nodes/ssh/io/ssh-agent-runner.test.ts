import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createAgentRunner } from "../../../../src/nodes/ssh/io/ssh-agent-runner.ts";
import { describeNodeAgent } from "../../../contract/node-agent.ts";
import { NODE, type SshWorld, makeSpec, never, startSshWorld } from "../../../support/ssh-world.ts";
import { systemClock } from "../../../support/system-clock.ts";

function runnerOf({ pool, specOf }: SshWorld, options = {}) {
  return createAgentRunner({ pool, specOf, clock: systemClock }, options);
}

describeNodeAgent("over an SSH server in this process", async () => {
  const world = await startSshWorld();
  return {
    agent: runnerOf(world),
    node: NODE,
    cutOff: () => {
      world.server.dropConnections();
    },
    heal: () => Promise.resolve(),
    stop: () => world.stop(),
  };
});

describe("agent runner", () => {
  let world: SshWorld;
  beforeEach(async () => {
    world = await startSshWorld();
  });
  afterEach(() => world.stop());

  test("names the verb and nothing else in the command line", async () => {
    await runnerOf(world).call(NODE, "status", { result: 1, serviceToken: "s3cret" }, never);
    expect(world.server.commands.slice(1)).toEqual(["multijhub-agent status"]);
  });

  test("becomes root by sudo where the hosts file says so, and says what sudo wants", async () => {
    world.setSpec(makeSpec(world.server.port, { become: "sudo" }));
    const { writeFileSync } = await import("node:fs");
    const sudo = "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n";
    writeFileSync(`${world.server.binDirectory}/sudo`, sudo, { mode: 0o755 });
    const call = runnerOf(world).call(NODE, "status", {}, never);
    await expect(call).rejects.toMatchObject({ code: "NOT_ROOT" });
    expect(world.server.commands.at(-1)).toBe("sudo -n multijhub-agent status");
  });

  test("says how to install a missing agent", async () => {
    const { rmSync } = await import("node:fs");
    rmSync(`${world.server.binDirectory}/multijhub-agent`);
    await expect(runnerOf(world).call(NODE, "facts", {}, never)).rejects.toMatchObject({
      code: "AGENT_MISSING",
      remedy: "run `multijhub provision node1`",
    });
  });

  test("says how to replace an agent of another protocol", async () => {
    const call = runnerOf(world).call(NODE, "facts", { protocol: 2, result: 1 }, never);
    await expect(call).rejects.toMatchObject({
      code: "AGENT_VERSION",
      remedy: "run `multijhub provision node1`",
    });
  });

  test("says how to replace an agent that does not know the verb", async () => {
    const { writeFileSync } = await import("node:fs");
    const old = "#!/bin/sh\necho 'multijhub-agent: the verbs are facts, account' >&2\nexit 2\n";
    writeFileSync(`${world.server.binDirectory}/multijhub-agent`, old, { mode: 0o755 });
    await expect(runnerOf(world).call(NODE, "check", {}, never)).rejects.toMatchObject({
      code: "AGENT_VERSION",
      remedy: "run `multijhub provision node1`",
    });
  });

  test("takes nothing that is not the protocol for an answer", async () => {
    const print = "Welcome to node1!\n";
    await expect(runnerOf(world).call(NODE, "facts", { print, result: 1 }, never)).rejects.toMatchObject({
      code: "AGENT_ANSWER",
    });
    await expect(runnerOf(world).call(NODE, "facts", { exit: 3 }, never)).rejects.toThrow(
      /exit code 3.*it broke/,
    );
  });

  test("gives up on a verb that never ends", async () => {
    const call = runnerOf(world, { callTimeoutMs: 200 }).call(NODE, "facts", { hang: true }, never);
    await expect(call).rejects.toMatchObject({ code: "NODE_TIMEOUT" });
  });
});
