import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { eventually } from "./wait-for.ts";

/** Debian's redis-server, in a directory of its own; what is kept is in memory only. */
export interface RedisServer {
  readonly port: number;
  readonly socket: string;
  readonly directory: string;
  /** A client for the test's own questions. */
  readonly ask: <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;
  signal(name: NodeJS.Signals): void;
  /** As by `kill -9`. */
  kill(): Promise<void>;
  /** Again, on the same port and socket. */
  restart(): Promise<void>;
  /** Ends it, and leaves nothing behind. */
  remove(): Promise<void>;
}

export async function startRedis(settings: readonly string[] = [], port = 0): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "redis-"));
  const socket = join(directory, "redis.sock");
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socket, "--save", ""];
  let server = await launch([...args, ...settings], directory);
  return {
    port,
    socket,
    directory,
    async ask(work) {
      const redis = new Redis(socket, { lazyConnect: true, retryStrategy: null });
      try {
        await redis.connect();
        return await work(redis);
      } finally {
        redis.disconnect();
      }
    },
    signal: (name) => void server.kill(name),
    kill: () => end(server),
    async restart() {
      server = await launch([...args, ...settings], directory);
    },
    async remove() {
      await end(server);
      await rm(directory, { recursive: true });
    },
  };
}

/** A primary, its replica and three sentinels that watch them. */
export async function startSentinels() {
  const primary = await startRedis([], await freePort());
  const replica = await startRedis(["--replicaof", `127.0.0.1 ${primary.port}`], await freePort());
  const watchers = await Promise.all([1, 2, 3].map(() => startSentinel(primary.port)));
  await eventually(async () => {
    const info = await replica.ask((redis) => redis.info("replication"));
    if (!info.includes("master_link_status:up")) throw new Error("not in step yet");
    for (const { ask } of watchers) {
      const [known, others] = await ask(async (redis) => [
        (await redis.call("SENTINEL", "REPLICAS", "lab")) as unknown[],
        (await redis.call("SENTINEL", "SENTINELS", "lab")) as unknown[],
      ]);
      if (known?.length !== 1 || others?.length !== 2) throw new Error("not found one another yet");
    }
  });
  return {
    primary,
    replica,
    place: { kind: "sentinels", name: "lab", sentinels: watchers.map(({ port }) => local(port)) } as const,
    async remove() {
      await Promise.all([...watchers, replica, primary].map((server) => server.remove()));
    },
  };
}

async function startSentinel(primaryPort: number): Promise<Pick<RedisServer, "port" | "ask" | "remove">> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "sentinel-"));
  const file = join(directory, "sentinel.conf");
  await writeFile(
    file,
    `port ${port}
bind 127.0.0.1
sentinel monitor lab 127.0.0.1 ${primaryPort} 2
sentinel down-after-milliseconds lab 500
sentinel failover-timeout lab 3000
`,
  );
  const server = await launch([file, "--sentinel"], directory);
  return {
    port,
    async ask(work) {
      const redis = new Redis(port, "127.0.0.1", { lazyConnect: true, retryStrategy: null });
      try {
        await redis.connect();
        return await work(redis);
      } finally {
        redis.disconnect();
      }
    },
    async remove() {
      await end(server);
      await rm(directory, { recursive: true });
    },
  };
}

/** Three primaries without replicas, and the client's way to them by one of them. */
export async function startCluster() {
  const servers = await Promise.all(
    [1, 2, 3].map(async () => {
      const settings = ["--cluster-enabled", "yes", "--cluster-port", String(await freePort())];
      return startRedis([...settings, "--cluster-require-full-coverage", "no"], await freePort());
    }),
  );
  const [first] = servers;
  if (first === undefined) throw new Error("no servers");
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"]);
  await eventually(async () => {
    for (const { ask } of servers) {
      const info = await ask((redis) => redis.cluster("INFO"));
      if (!info.includes("cluster_state:ok")) throw new Error("the cluster is not ready");
      const links = (await ask((redis) => redis.cluster("NODES"))) as string;
      // What is published over a link that is not up yet is lost.
      if (/handshake|disconnected/.test(links)) throw new Error("the cluster's servers are not connected");
    }
  });
  return {
    servers,
    place: { kind: "cluster", nodes: [local(first.port)] } as const,
    async remove() {
      await Promise.all(servers.map((server) => server.remove()));
    },
  };
}

function local(port: number) {
  return { host: "127.0.0.1", port };
}

async function launch(args: readonly string[], cwd: string): Promise<ChildProcess> {
  const server = spawn("redis-server", [...args], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => {
      reject(new Error("redis-server did not start"));
    });
    server.stdout.on("data", (chunk: Buffer) => {
      if (/eady to accept connections|Sentinel ID is/.test(chunk.toString())) resolve();
    });
  });
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await gone;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, [...args], { stdio: "ignore" });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`${command} failed: ${String(code)}`);
}
