import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { NodeSpec } from "../../src/model.ts";
import { createNodeDialer } from "../../src/nodes/ssh/io/node-dialer.ts";
import { createAgentRunner } from "../../src/nodes/ssh/io/ssh-agent-runner.ts";
import { scanHostKeys } from "../../src/nodes/ssh/io/ssh-host-key-scan.ts";
import { pinHostKeys, readPinnedKeys } from "../../src/nodes/ssh/io/ssh-known-hosts-file.ts";
import { type SshPool, type SshPoolOptions, createSshPool } from "../../src/nodes/ssh/io/ssh-pool.ts";
import { createProvisioner } from "../../src/nodes/ssh/io/ssh-provisioner.ts";
import { describeNodeAgent } from "../contract/node-agent.ts";
import { describeNodeDialer } from "../contract/node-dialer.ts";
import { createLoopback } from "../support/loopback.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { type OpenSsh, startOpenSsh } from "../support/openssh.ts";
import { NODE, type SshFolder, makeSpec, makeSshFolder, never } from "../support/ssh-world.ts";
import { createFixedRandom, systemClock } from "../support/system-clock.ts";
import { eventually, waitFor } from "../support/wait-for.ts";

const MIB = 1024 * 1024;

interface RealWorld {
  readonly folder: SshFolder;
  readonly sshd: OpenSsh;
  readonly pool: SshPool;
  readonly specOf: () => NodeSpec;
  stop(): Promise<void>;
}

function makePool(specOf: () => NodeSpec, options: SshPoolOptions): SshPool {
  const deps = { specOf, clock: systemClock, random: createFixedRandom(), log: createMemoryLog() };
  return createSshPool(deps, options);
}

async function startRealWorld(): Promise<RealWorld> {
  const folder = makeSshFolder();
  const sshd = await startOpenSsh(folder.key.public);
  folder.trust(sshd.knownHosts.ed25519);
  function specOf(): NodeSpec {
    return makeSpec(sshd.port, { sshUser: sshd.user });
  }
  const pool = makePool(specOf, folder.options);
  return {
    folder,
    sshd,
    pool,
    specOf,
    async stop() {
      await pool.stop();
      await sshd.stop();
      folder.remove();
    },
  };
}

describeNodeAgent("over OpenSSH", async () => {
  const world = await startRealWorld();
  return {
    agent: createAgentRunner({ ...world, clock: systemClock }),
    node: NODE,
    cutOff: () => void world.sshd.crash(),
    heal: async () => {
      await world.sshd.start();
      await reconnected(world.pool);
    },
    stop: () => world.stop(),
  };
});

describeNodeDialer("through OpenSSH", async () => {
  const world = await startRealWorld();
  return {
    dialer: createNodeDialer({ ...world, clock: systemClock }),
    node: NODE,
    cutOff: () => void world.sshd.crash(),
    heal: async () => {
      await world.sshd.start();
      await reconnected(world.pool);
    },
    stop: () => world.stop(),
  };
});

/** Waits out a back-off. */
async function reconnected(pool: SshPool): Promise<void> {
  await eventually(() => pool.client(NODE, never));
}

describe("OpenSSH", () => {
  let world: RealWorld;
  const cleanUps: (() => unknown)[] = [];
  beforeEach(async () => {
    world = await startRealWorld();
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    await world.stop();
  });

  function poolWith(options: Partial<SshPoolOptions>, more: Partial<NodeSpec> = {}): SshPool {
    const pool = makePool(() => ({ ...world.specOf(), ...more }), { ...world.folder.options, ...options });
    cleanUps.push(() => pool.stop());
    return pool;
  }

  function listen(handle: (socket: Socket) => void, path?: string): Promise<number> {
    const loopback = createLoopback();
    cleanUps.push(() => {
      loopback.close();
    });
    return loopback.serve(handle, path === undefined ? {} : { path });
  }

  test.each(["ed25519", "rsa", "ecdsa"] as const)(
    "is known by its %s key alone, though it has others",
    async (type) => {
      world.folder.trust(world.sshd.knownHosts[type]);
      await expect(world.pool.client(NODE, never)).resolves.toBeDefined();
    },
  );

  test("is known by hashed entries, and refused when they hold another host's key", async () => {
    const file = join(world.folder.directory, "hashed");
    writeFileSync(file, world.sshd.knownHosts.rsa);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    await expect(poolWith({ knownHostsFiles: [file] }).client(NODE, never)).resolves.toBeDefined();
    const other = await startOpenSsh(world.folder.key.public);
    cleanUps.push(() => other.stop());
    await expect(
      poolWith({ knownHostsFiles: [file] }, { sshPort: other.port }).client(NODE, never),
    ).rejects.toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    world.folder.trust(other.knownHosts.ed25519.replace(String(other.port), String(world.sshd.port)));
    await expect(poolWith({}).client(NODE, never)).rejects.toMatchObject({ code: "HOST_KEY_CHANGED" });
  });

  test("refuses a key it does not know", async () => {
    world.sshd.authorize("");
    await expect(world.pool.client(NODE, never)).rejects.toMatchObject({ code: "SSH_AUTH_REFUSED" });
  });

  test("lets in by an ssh-agent", async () => {
    const socket = join(world.folder.directory, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    cleanUps.push(() => agent.kill());
    await waitFor("the ssh-agent to listen", () => existsSync(socket), { everyMs: 20 });
    const keyFile = world.folder.options.keyFile ?? "";
    execFileSync("ssh-add", ["-q", keyFile], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: "ignore",
    });
    const before = process.env["SSH_AUTH_SOCK"];
    process.env["SSH_AUTH_SOCK"] = socket;
    const { knownHostsFiles } = world.folder.options;
    const pool = makePool(world.specOf, { knownHostsFiles, useAgent: true });
    process.env["SSH_AUTH_SOCK"] = before;
    cleanUps.push(() => pool.stop());
    await expect(pool.client(NODE, never)).resolves.toBeDefined();
  });

  test("is reached through a jump host, which one connection of ours crosses", async () => {
    const jump = await startOpenSsh(world.folder.key.public);
    cleanUps.push(() => jump.stop());
    const { directory } = world.folder;
    world.folder.trust(world.sshd.knownHosts.ed25519 + jump.knownHosts.ecdsa);
    const configFile = join(directory, "config");
    writeFileSync(
      configFile,
      `Host 127.0.0.1\n  ProxyJump bastion\nHost bastion\n  HostName 127.0.0.1\n  Port ${jump.port}\n  User ${jump.user}\n`,
    );
    // The bastion's HostName is the node's address: a jump host's own ProxyJump is asked by the name it is called.
    const pool = poolWith({ configFile });
    const port = await listen((socket) => socket.pipe(socket));
    const connection = await pool.client(NODE, never);
    const tunnel = await connection.tunnel({ port }, never);
    tunnel.write("through two");
    expect(String(await once(tunnel, "data"))).toBe("through two");
    await world.sshd.crash();
    expect(await connection.lost).toMatchObject({ code: "TUNNEL_LOST" });
  });

  test("a key locked to the agent runs verbs and nothing else, and tunnels where it may", async () => {
    const port = await listen((socket) => socket.pipe(socket));
    const forced = join(world.sshd.binDirectory, "forced");
    writeFileSync(
      forced,
      '#!/bin/sh\nset -- $SSH_ORIGINAL_COMMAND\n[ "$1" = multijhub-agent ] || exit 1\nexec "$@"\n',
    );
    chmodSync(forced, 0o755);
    const limits = `restrict,port-forwarding,permitopen="127.0.0.1:${port}",command="${forced}"`;
    world.sshd.authorize(`${limits} ${world.folder.key.public}\n`);
    const agent = createAgentRunner({ ...world, clock: systemClock });
    await expect(agent.call(NODE, "facts", { result: "locked" }, never)).resolves.toBe("locked");
    const connection = await world.pool.client(NODE, never);
    const tunnel = await connection.tunnel({ port }, never);
    tunnel.write("allowed");
    expect(String(await once(tunnel, "data"))).toBe("allowed");
    tunnel.destroy();
    await expect(connection.tunnel({ port: world.sshd.port }, never)).rejects.toMatchObject({
      code: "TUNNEL_REFUSED",
    });
  });

  test("tunnels to a Unix socket", async () => {
    const path = join(world.folder.directory, "socket");
    await listen((socket) => socket.pipe(socket), path);
    const connection = await world.pool.client(NODE, never);
    const tunnel = await connection.tunnel({ path }, never);
    tunnel.write("hello");
    expect(String(await once(tunnel, "data"))).toBe("hello");
    tunnel.destroy();
    await expect(connection.tunnel({ path: `${path}.none` }, never)).rejects.toMatchObject({
      code: "TUNNEL_REFUSED",
    });
  });

  test("carries 100 MB each way at constant memory", async () => {
    const total = 100 * MIB;
    const chunk = Buffer.alloc(256 * 1024, "x");
    // Another process is the other end, so that its memory is not ours.
    const script = `
      const net = require("node:net"); const total = ${total}; const chunk = Buffer.alloc(${chunk.length}, "x");
      net.createServer((s) => { let got = 0, sent = 0; s.on("error", () => {});
        s.on("data", (d) => { got += d.length; if (got === total) push(); });
        function push() { while (sent < total) { sent += chunk.length; if (!s.write(chunk)) return s.once("drain", push); } s.end(); }
      }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
    const peer = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    cleanUps.push(() => peer.kill());
    const port = Number(String(await once(peer.stdout, "data")));
    const connection = await world.pool.client(NODE, never);
    const tunnel = await connection.tunnel({ port }, never);
    const memory = watchMemory();
    let sent = 0;
    while (sent < total) {
      sent += chunk.length;
      if (!tunnel.write(chunk)) await once(tunnel, "drain");
    }
    let received = 0;
    tunnel.on("data", (data: Buffer) => (received += data.length));
    await once(tunnel, "end");
    expect(received).toBe(total);
    // What waits for the garbage collector counts too; 200 MB have passed.
    expect(memory.stop()).toBeLessThan(64 * MIB);
  }, 60_000);

  test("a reader that stalls does not slow the others", async () => {
    const flood = Buffer.alloc(4 * MIB, "x");
    const port = await listen((socket) => socket.end(flood));
    const connection = await world.pool.client(NODE, never);
    const stalled = await connection.tunnel({ port }, never);
    stalled.pause();
    for (let round = 0; round < 5; round++) {
      const tunnel = await connection.tunnel({ port }, never);
      let received = 0;
      tunnel.on("data", (data: Buffer) => (received += data.length));
      await once(tunnel, "end");
      expect(received).toBe(flood.length);
    }
    stalled.destroy();
  });

  test("opens channels without the delay of Nagle's algorithm", async () => {
    const port = await listen((socket) => socket.end());
    const connection = await world.pool.client(NODE, never);
    async function usualMs(): Promise<number> {
      const openMs: number[] = [];
      for (let round = 0; round < 50; round++) {
        const startedAt = performance.now();
        (await connection.tunnel({ port }, never)).destroy();
        openMs.push(performance.now() - startedAt);
      }
      return openMs.toSorted((a, b) => a - b)[25] ?? Infinity;
    }
    // With it half of them take 40 ms and more, each time; a busy machine is slow for moments only.
    let bestMs = Infinity;
    for (let tries = 0; tries < 10 && bestMs >= 20; tries++) bestMs = Math.min(bestMs, await usualMs());
    expect(bestMs).toBeLessThan(20);
  });

  test("shows its host keys, which are trusted once they are pinned", async () => {
    world.folder.trust("");
    const file = join(world.folder.directory, "state", "known_hosts");
    const pool = poolWith({ knownHostsFiles: [file] });
    const deps = { pool, clock: systemClock, knownHostsFiles: [file] };
    const scan = await scanHostKeys(NODE, deps, never);
    expect(scan.keys.map((key) => key.keyType).sort()).toEqual([
      "ecdsa-sha2-nistp256",
      "ssh-ed25519",
      "ssh-rsa",
    ]);
    const shown = execFileSync("ssh-keygen", ["-l", "-f", "-"], {
      input: Object.values(world.sshd.knownHosts).join(""),
      encoding: "utf8",
    });
    for (const key of scan.keys) {
      expect(shown).toContain(key.fingerprint);
      expect(key.verdict).toBe("unknown");
    }
    const [first, ...others] = scan.keys;
    await pinHostKeys(file, scan.target, first ? [first] : []);
    const again = await scanHostKeys(NODE, deps, never);
    expect(again.keys.map(({ refusal }) => refusal)).toEqual([
      undefined,
      ...others.map(() => "not pinned yet"),
    ]);
    await pinHostKeys(file, scan.target, scan.keys);
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(3);
    expect((await scanHostKeys(NODE, deps, never)).keys.every((key) => key.verdict === "trusted")).toBe(true);
    expect(await readPinnedKeys(file, scan.target)).toHaveLength(3);
    await expect(poolWith({ knownHostsFiles: [file] }).client(NODE, never)).resolves.toBeDefined();
    await pinHostKeys(file, scan.target, scan.keys.slice(0, 1), { replace: true });
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(1);
  });

  test("gets the agent installed, once, in one step, and replaced when it changes", async () => {
    const directory = join(world.folder.directory, "agent");
    const prefix = join(world.folder.directory, "prefix");
    mkdirSync(join(directory, "package", "__pycache__"), { recursive: true });
    writeFileSync(join(directory, "agent.py"), "#!/bin/sh\necho first\n");
    writeFileSync(join(directory, "package", "a.py"), "a = 1\n");
    writeFileSync(join(directory, "package", "__pycache__", "a.pyc"), "x");
    const provisioner = createProvisioner({ ...world, clock: systemClock }, { directory, prefix });
    const command = join(prefix, "bin", "multijhub-agent");
    function run(): string {
      return execFileSync(command, { encoding: "utf8" });
    }

    expect(await provisioner.provision(NODE, { dryRun: true }, never)).toMatchObject({
      outcome: "would-install",
    });
    expect(existsSync(prefix)).toBe(false);
    const first = await provisioner.provision(NODE, { dryRun: false }, never);
    expect(first).toMatchObject({ outcome: "installed", node: NODE });
    expect(first.previousHash).toBeUndefined();
    expect(run()).toBe("first\n");
    expect(existsSync(join(prefix, "lib", "multijhub", "package", "a.py"))).toBe(true);
    expect(existsSync(join(prefix, "lib", "multijhub", "package", "__pycache__"))).toBe(false);
    expect(await provisioner.provision(NODE, { dryRun: false }, never)).toMatchObject({
      outcome: "unchanged",
    });

    writeFileSync(join(directory, "agent.py"), "#!/bin/sh\necho second\n");
    const second = await provisioner.provision(NODE, { dryRun: false }, never);
    expect(second).toMatchObject({ outcome: "installed", previousHash: first.contentHash });
    expect(run()).toBe("second\n");

    // A directory that something else put there, and a command that is missing.
    rmSync(join(prefix, "lib"), { recursive: true });
    mkdirSync(join(prefix, "lib", "multijhub"), { recursive: true });
    writeFileSync(join(prefix, "lib", "multijhub", "stranger"), "");
    rmSync(command);
    expect(await provisioner.provision(NODE, { dryRun: false }, never)).toMatchObject({
      outcome: "installed",
    });
    expect(run()).toBe("second\n");
    expect(existsSync(join(prefix, "lib", "multijhub", "stranger"))).toBe(false);
  });

  test("gets the project's own agent installed, which then answers", async () => {
    const prefix = dirname(world.sshd.binDirectory);
    rmSync(join(world.sshd.binDirectory, "multijhub-agent"));
    const agent = createAgentRunner({ ...world, clock: systemClock });
    await expect(agent.call(NODE, "facts", {}, never)).rejects.toMatchObject({ code: "AGENT_MISSING" });
    const directory = join(import.meta.dirname, "../../src/nodes/remote");
    const provisioner = createProvisioner({ ...world, clock: systemClock }, { directory, prefix });
    await provisioner.provision(NODE, { dryRun: false }, never);
    await expect(agent.call(NODE, "facts", {}, never)).resolves.toMatchObject({ hostname: hostname() });
    const leaving = new AbortController();
    const samples: unknown[] = [];
    const streaming = agent.stream(
      NODE,
      "sample",
      { everyMs: 100 },
      (sample) => {
        if (samples.push(sample) === 2) leaving.abort(new Error("seen enough"));
      },
      leaving.signal,
    );
    await expect(streaming).rejects.toThrow("seen enough");
    expect(samples[0]).toMatchObject({ cores: expect.any(Number) as unknown });
  });

  test("installing with a key that is locked, or where it is not allowed, says so", async () => {
    const directory = join(world.folder.directory, "agent");
    mkdirSync(directory);
    writeFileSync(join(directory, "agent.py"), "");
    const notHere = createProvisioner(
      { ...world, clock: systemClock },
      { directory, prefix: "/proc/nowhere" },
    );
    await expect(notHere.provision(NODE, { dryRun: false }, never)).rejects.toMatchObject({
      code: "AGENT_ANSWER",
    });
    world.sshd.authorize(`restrict,command="echo locked" ${world.folder.key.public}\n`);
    const pool = poolWith({});
    const locked = createProvisioner({ pool, specOf: world.specOf, clock: systemClock }, { directory });
    await expect(locked.provision(NODE, { dryRun: false }, never)).rejects.toThrow(/locked/);
  });
});

/** Watches what the process holds in buffers; `stop` gives the most it grew. */
function watchMemory(): { stop(): number } {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
