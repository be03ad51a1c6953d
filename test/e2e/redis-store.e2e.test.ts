import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createRedisStore } from "../../src/discovery/io/redis-store.ts";
import { itIsAStore } from "../contract/store.ts";
import { createMemoryLog } from "../support/memory-log.ts";

let directory: string;
let redis: ChildProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "redis-"));
  redis = await startRedis();
});
afterAll(async () => {
  await stopRedis(redis);
  await rm(directory, { recursive: true });
});

function socketPath(): string {
  return join(directory, "redis.sock");
}

/** Debian's redis-server on a Unix socket, without a file of its own. */
async function startRedis(): Promise<ChildProcess> {
  const settings = ["--port", "0", "--unixsocket", socketPath(), "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", settings, { cwd: directory, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => {
      reject(new Error("redis-server did not start"));
    });
    server.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("eady to accept connections")) resolve();
    });
  });
  return server;
}

async function stopRedis(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await gone;
}

let rounds = 0;
async function open() {
  rounds += 1;
  const log = createMemoryLog();
  const store = createRedisStore({ url: socketPath(), prefix: `test${rounds}:`, commandMs: 300 }, log);
  await store.start();
  return { store, log, pass: (ms: number) => sleep(ms), close: () => store.stop() };
}

itIsAStore("Redis", open);

describe("Redis that goes away", () => {
  it("is said at once, bounded when it hangs, and used again when it is back", async () => {
    const { store, log } = await open();
    await store.set("a", "1", 60_000);

    redis.kill("SIGSTOP");
    const before = Date.now();
    await expect(store.get("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(Date.now() - before).toBeLessThan(1000);
    redis.kill("SIGCONT");
    expect(await eventually(() => store.get("a"))).toBe("1");

    await stopRedis(redis);
    await expect(store.setIfAbsent("a", "2", 60_000)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    redis = await startRedis();
    expect(await eventually(() => store.get("a"))).toBeUndefined();
    expect(log.lines.map(({ message }) => message)).toEqual(["store lost", "store answers again"]);
    await store.stop();
  });

  it("does not keep a router from starting", async () => {
    const log = createMemoryLog();
    const store = createRedisStore({ url: join(directory, "nobody.sock"), connectMs: 300 }, log);
    await store.start();
    await expect(store.get("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await store.stop();
    expect(log.lines.map(({ message }) => message)).toEqual(["store not available at start"]);
  });
});

/** Tries until it no longer throws, for at most ten seconds. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      return await attempt();
    } catch {
      await sleep(100);
    }
  }
  return attempt();
}
