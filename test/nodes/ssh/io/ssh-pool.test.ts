import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { NodeId } from "../../../../src/model.ts";
import { type SshPoolOptions, createSshPool } from "../../../../src/nodes/ssh/io/ssh-pool.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createLoopback } from "../../../support/loopback.ts";
import { createMemoryLog } from "../../../support/memory-log.ts";
import { makeSshKey, startSshServer } from "../../../support/ssh-server.ts";
import { NODE, type SshWorld, makeSpec, never, startSshWorld } from "../../../support/ssh-world.ts";
import { createFixedRandom, systemClock } from "../../../support/system-clock.ts";

const KEYGEN = "/usr/bin/ssh-keygen";

describe("SSH pool", () => {
  let world: SshWorld;
  const cleanUps: (() => unknown)[] = [];
  beforeEach(async () => {
    world = await startSshWorld();
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    await world.stop();
  });

  function makePool(options: Partial<SshPoolOptions>, spec = makeSpec(world.server.port)) {
    const deps = {
      specOf: () => spec,
      clock: systemClock,
      random: createFixedRandom(),
      log: createMemoryLog(),
    };
    const pool = createSshPool(deps, { ...world.folder.options, ...options });
    cleanUps.push(() => pool.stop());
    return pool;
  }

  /** Waits for a change of state that the test has caused. */
  async function until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; tries < 500 && !isSo(); tries++) await systemClock.sleep(10, never);
    expect(isSo()).toBe(true);
  }

  test("shares one connection, and runs one command on it before it is used", async () => {
    const [one, two] = await Promise.all([world.pool.client(NODE, never), world.pool.client(NODE, never)]);
    expect(one).toBe(two);
    expect(world.server.connectionCount()).toBe(1);
    expect(world.server.commands).toEqual(["true"]);
    expect(world.states).toEqual([{ kind: "up" }]);
  });

  test("refuses a host key nobody vouched for, and names the fingerprint and the remedy", async () => {
    world.folder.trust("");
    await expect(world.pool.client(NODE, never)).rejects.toMatchObject({
      code: "HOST_KEY_UNKNOWN",
      message: expect.stringMatching(/ssh-ed25519 SHA256:/) as unknown,
      remedy: expect.stringContaining("`multijhub trust node1`") as unknown,
    });
    expect(world.states[0]).toMatchObject({ kind: "down", cause: { code: "HOST_KEY_UNKNOWN" } });
    expect(world.server.commands).toEqual([]);
  });

  test("refuses a changed host key, and names the line that knows another", async () => {
    world.folder.trust(`[127.0.0.1]:${world.server.port} ${makeSshKey().public}\n`);
    await expect(world.pool.client(NODE, never)).rejects.toMatchObject({
      code: "HOST_KEY_CHANGED",
      message: expect.stringContaining("known_hosts:1") as unknown,
    });
  });

  test("knows a host by an entry that ssh-keygen hashed", async () => {
    if (!existsSync(KEYGEN)) return;
    const file = join(world.folder.directory, "hashed");
    writeFileSync(file, world.server.knownHost);
    execFileSync(KEYGEN, ["-q", "-H", "-f", file], { stdio: "ignore" });
    const pool = makePool({ knownHostsFiles: ["/nowhere/known_hosts", file] });
    await expect(pool.client(NODE, never)).resolves.toBeDefined();
  });

  test("says when the node refuses the key", async () => {
    const keyFile = join(world.folder.directory, "stranger");
    writeFileSync(keyFile, makeSshKey().private);
    await expect(makePool({ keyFile }).client(NODE, never)).rejects.toMatchObject({
      code: "SSH_AUTH_REFUSED",
      message: expect.stringContaining("root") as unknown,
    });
  });

  test("says when a key is missing, no key, or protected by a passphrase", async () => {
    function file(name: string): string {
      return join(world.folder.directory, name);
    }
    await expect(makePool({ keyFile: file("none") }).client(NODE, never)).rejects.toThrow("no such file");
    writeFileSync(file("text"), "not a key");
    await expect(makePool({ keyFile: file("text") }).client(NODE, never)).rejects.toMatchObject({
      code: "SSH_AUTH_REFUSED",
    });
    if (!existsSync(KEYGEN)) return;
    execFileSync(KEYGEN, ["-q", "-t", "ed25519", "-N", "secret", "-f", file("locked")]);
    await expect(makePool({ keyFile: file("locked") }).client(NODE, never)).rejects.toThrow(
      /passphrase.*ssh-agent/,
    );
  });

  test("says when nothing answers at the address", async () => {
    await world.server.stop();
    const reached = world.pool.client(NODE, never);
    await expect(reached).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
  });

  test("warns once of a node that stays down, and tells listeners each time", async () => {
    const log = createMemoryLog();
    world.folder.trust("");
    const deps = {
      specOf: () => makeSpec(world.server.port),
      clock: createFakeClock(),
      random: createFixedRandom(),
      log,
    };
    const pool = createSshPool(deps, world.folder.options);
    cleanUps.push(() => pool.stop());
    let changes = 0;
    pool.onState(() => changes++);
    const refused = expect(pool.client(NODE, never)).rejects.toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    await until(() => {
      void deps.clock.advance(1_000);
      return changes >= 3;
    });
    await refused;
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });

  test("gives up on a node that accepts and stalls", async () => {
    world.server.stall(true);
    const pool = makePool({ connectTimeoutMs: 150 });
    await expect(pool.client(NODE, never)).rejects.toMatchObject({
      code: "NODE_TIMEOUT",
      message: expect.stringContaining("accepts connections") as unknown,
    });
  });

  test("gives up on something that is not SSH", async () => {
    const loopback = createLoopback();
    cleanUps.push(() => {
      loopback.close();
    });
    const port = await loopback.serve((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const pool = makePool({ connectTimeoutMs: 2_000 }, makeSpec(port));
    await expect(pool.client(NODE, never)).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
  });

  test("a caller that leaves while connecting gets its own reason", async () => {
    world.server.stall(true);
    const leaving = new AbortController();
    const waiting = world.pool.client(NODE, leaving.signal);
    leaving.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
  });

  test("comes back by itself after a loss, with a new connection", async () => {
    const first = await world.pool.client(NODE, never);
    world.server.dropConnections();
    expect(await first.lost).toMatchObject({ code: "TUNNEL_LOST" });
    await until(() => world.states.length === 3);
    expect(world.states.map(({ kind }) => kind)).toEqual(["up", "down", "up"]);
    expect(await world.pool.client(NODE, never)).not.toBe(first);
    await expect(first.exec("true", never)).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
    await expect(first.tunnel({ port: 1 }, never)).rejects.toMatchObject({ code: "TUNNEL_LOST" });
  });

  test("gives up a silent connection after three keepalives", async () => {
    const pool = makePool({ keepaliveMs: 30 });
    const connection = await pool.client(NODE, never);
    world.server.stall(true); // for whatever comes after
    world.server.freeze();
    expect(await connection.lost).toMatchObject({ code: "TUNNEL_LOST" });
  });

  test("goes to the new place when the hosts file moves a node, and nowhere when it is removed", async () => {
    const moved = await startSshServer({ authorizedKey: world.folder.key.public });
    cleanUps.push(() => moved.stop());
    const first = await world.pool.client(NODE, never);
    world.folder.trust(moved.knownHost);
    world.setSpec(makeSpec(moved.port));
    expect(await world.pool.client(NODE, never)).not.toBe(first);
    await until(() => world.server.connectionCount() === 0);
    world.setSpec(undefined);
    await expect(world.pool.client(NODE, never)).rejects.toMatchObject({ code: "NODE_UNKNOWN" });
    await expect(world.pool.client("other" as NodeId, never)).rejects.toMatchObject({ code: "NODE_UNKNOWN" });
  });

  test("closes everything when it stops, and starts nothing after", async () => {
    const connection = await world.pool.client(NODE, never);
    await world.pool.stop();
    await connection.lost;
    await until(() => world.server.connectionCount() === 0);
    await expect(world.pool.client(NODE, never)).rejects.toMatchObject({ code: "STOPPING" });
    await world.pool.stop();
  });

  test("works where the server allows no commands, and says what it refuses", async () => {
    const server = await startSshServer({ authorizedKey: world.folder.key.public, refuse: "exec" });
    cleanUps.push(() => server.stop());
    world.folder.trust(server.knownHost);
    const connection = await makePool({}, makeSpec(server.port)).client(NODE, never);
    await expect(connection.exec("id", never)).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
  });

  test("says when the server allows no tunnels", async () => {
    const server = await startSshServer({ authorizedKey: world.folder.key.public, refuse: "tunnels" });
    cleanUps.push(() => server.stop());
    world.folder.trust(server.knownHost);
    const connection = await makePool({}, makeSpec(server.port)).client(NODE, never);
    await expect(connection.tunnel({ port: 910 }, never)).rejects.toMatchObject({
      code: "TUNNEL_REFUSED",
      remedy: expect.stringContaining("permitopen") as unknown,
    });
  });

  describe("with ~/.ssh/config", () => {
    function withConfig(text: string, spec = makeSpec(22, { address: "lab-node" })) {
      const configFile = join(world.folder.directory, "config");
      writeFileSync(configFile, text);
      const deps = {
        specOf: () => spec,
        clock: systemClock,
        random: createFixedRandom(),
        log: createMemoryLog(),
      };
      const pool = createSshPool(deps, { knownHostsFiles: [], useAgent: false, configFile });
      cleanUps.push(() => pool.stop());
      return pool;
    }

    function hostBlock(host: string, port: number, more = ""): string {
      const { directory } = world.folder;
      return `Host ${host}\n  HostName 127.0.0.1\n  Port ${port}\n  IdentityFile ${directory}/id\n  UserKnownHostsFile ${directory}/known_hosts\n${more}\n`;
    }

    test("takes address, port, key and known hosts from it", async () => {
      const pool = withConfig(hostBlock("lab-*", world.server.port));
      await expect(pool.client(NODE, never)).resolves.toMatchObject({ target: { host: "127.0.0.1" } });
    });

    test("goes through a jump host; losing that loses the node, and both come back", async () => {
      const jump = await startSshServer({ authorizedKey: world.folder.key.public });
      cleanUps.push(() => jump.stop());
      world.folder.trust(world.server.knownHost + jump.knownHost);
      const pool = withConfig(
        hostBlock("lab-*", world.server.port, "  ProxyJump bastion") + hostBlock("bastion", jump.port),
      );
      const connection = await pool.client(NODE, never);
      expect(jump.connectionCount()).toBe(1);
      jump.dropConnections();
      await connection.lost;
      await until(() => world.server.connectionCount() === 0);
      await expect(pool.client(NODE, never)).resolves.toBeDefined();
    });

    test("crosses a jump host once for all nodes behind it", async () => {
      const jump = await startSshServer({ authorizedKey: world.folder.key.public });
      cleanUps.push(() => jump.stop());
      world.folder.trust(world.server.knownHost + jump.knownHost);
      const pool = withConfig(
        hostBlock("lab-*", world.server.port, "  ProxyJump bastion") + hostBlock("bastion", jump.port),
      );
      await Promise.all(["node1", "node2", "node3"].map((node) => pool.client(node as NodeId, never)));
      expect(world.server.connectionCount()).toBe(3);
      expect(jump.connectionCount()).toBe(1);
    });

    test("says when the node cannot be reached from the jump host", async () => {
      world.folder.trust(world.server.knownHost);
      const pool = withConfig(
        hostBlock("lab-*", 1, "  ProxyJump bastion") + hostBlock("bastion", world.server.port),
      );
      await expect(pool.client(NODE, never)).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
    });
  });
});
