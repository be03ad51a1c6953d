import { afterEach, describe, expect, it } from "@jest/globals";
import type { RedisAccount, RedisPlace } from "../../src/discovery/decide/redis-place.ts";
import { createRedisCache } from "../../src/discovery/io/cache.ts";
import { freePort } from "../support/free-port.ts";
import { type RedisServer, startCluster, startRedis, startSentinels } from "../support/redis-servers.ts";
import { CERTIFICATE, makeTlsFiles } from "../support/tls-files.ts";
import { eventually } from "../support/wait-for.ts";

const AWAY = { code: "STORE_UNAVAILABLE" };
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Of one command. */
const DEADLINE_MS = 300;

async function redis(settings: readonly string[] = [], port = 0): Promise<RedisServer> {
  const server = await startRedis(settings, port);
  cleanUps.push(() => server.remove());
  return server;
}

async function cacheAt(place: RedisPlace, account: RedisAccount = {}, ca?: string) {
  const trust = ca === undefined ? {} : { ca };
  const cache = createRedisCache({
    place,
    account,
    ...trust,
    prefix: "test:",
    commandMs: DEADLINE_MS,
    connectMs: 500,
  });
  cleanUps.push(() => cache.stop());
  await cache.start();
  return cache;
}

function atSocket({ socket }: RedisServer): RedisPlace {
  return { kind: "socket", path: socket };
}

/** How long it took, and what it came to. */
async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly result: unknown }> {
  const before = performance.now();
  const result: unknown = await work().catch((err: unknown) => err);
  return { ms: performance.now() - before, result };
}

/** How long so many take, one after the other, as nobody answers them. */
async function timeToFail(times: number, work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  for (let time = 0; time < times; time += 1) await expect(work()).rejects.toMatchObject(AWAY);
  return performance.now() - before;
}

describe("one Redis", () => {
  it("that is killed is missed at once, and used and listened to again when it is back", async () => {
    const server = await redis([], await freePort());
    const cache = await cacheAt({
      kind: "server",
      at: { host: "127.0.0.1", port: server.port },
      database: 0,
      tls: false,
    });
    const heard: string[] = [];
    cache.subscribe("news", (text) => heard.push(text));
    await cache.set("a", "1", 60_000);

    await server.kill();
    await expect(cache.setIfAbsent("a", "2", 60_000)).rejects.toMatchObject(AWAY);
    expect(await timeToFail(20, () => cache.get("a"))).toBeLessThan(10 * DEADLINE_MS);

    await server.restart();
    expect(await eventually(() => cache.get("a"))).toBeUndefined();
    await eventually(async () => {
      await cache.publish("news", "back");
      expect(heard).toContain("back");
    });
  });

  it("that hangs costs one deadline, not one a command", async () => {
    const server = await redis();
    const cache = await cacheAt(atSocket(server));
    await cache.set("a", "1", 60_000);

    server.signal("SIGSTOP");
    const first = await timed(() => cache.get("a"));
    expect(first.result).toMatchObject(AWAY);
    expect(await timeToFail(20, () => cache.get("a"))).toBeLessThan(10 * DEADLINE_MS);
    server.signal("SIGCONT");
    expect(await eventually(() => cache.get("a"))).toBe("1");
  });

  it("that is full says so, and still answers", async () => {
    const server = await redis(["--maxmemory", "100kb", "--maxmemory-policy", "noeviction"]);
    const cache = await cacheAt(atSocket(server));
    const { result } = await timed(() => cache.set("a", "1", 60_000));
    expect(result).toMatchObject({ ...AWAY, remedy: expect.stringContaining("maxmemory") });
    expect(await cache.get("a")).toBeUndefined();
    await expect(cache.acquire("loops", "router", 1000)).rejects.toMatchObject(AWAY);
  });

  it("that is a replica is refused with the remedy", async () => {
    const primary = await redis([], await freePort());
    const replica = await redis(["--replicaof", `127.0.0.1 ${primary.port}`]);
    const cache = await cacheAt(atSocket(replica));
    const { result } = await timed(() => cache.set("a", "1", 60_000));
    expect(result).toMatchObject({ ...AWAY, remedy: expect.stringContaining("sentinels") });
  });

  it("that wants a password gets it, and is not told anything when it is wrong", async () => {
    const server = await redis(["--requirepass", "right"]);
    const cache = await cacheAt(atSocket(server), { password: "right" });
    await cache.set("a", "1", 60_000);
    expect(await cache.get("a")).toBe("1");
    const wrong = await cacheAt(atSocket(server), { password: "canary" });
    const { result } = await timed(() => wrong.get("a"));
    expect(result).toMatchObject(AWAY);
    expect(String((result as Error).stack)).not.toContain("canary");
  });

  it("is spoken to by TLS, if its certificate is of the authority it should be of", async () => {
    using files = makeTlsFiles();
    const port = await freePort();
    const tls = [
      "--tls-port",
      String(port),
      "--tls-auth-clients",
      "no",
      "--tls-ca-cert-file",
      files.certificate,
    ];
    await redis([...tls, "--tls-cert-file", files.certificate, "--tls-key-file", files.key]);
    const place = { kind: "server", at: { host: "localhost", port }, database: 0, tls: true } as const;
    const cache = await cacheAt(place, {}, CERTIFICATE);
    await cache.set("a", "1", 60_000);
    const trusting = await cacheAt(place);
    await expect(trusting.get("a")).rejects.toMatchObject(AWAY);
  });

  it("that is not there keeps no router from starting", async () => {
    const cache = await cacheAt({ kind: "socket", path: "/nonexistent/redis.sock" });
    await expect(cache.get("a")).rejects.toMatchObject(AWAY);
  });
});

describe("sentinels", () => {
  it("lead to the new primary when the old one is gone", async () => {
    const watched = await startSentinels();
    cleanUps.push(() => watched.remove());
    const cache = await cacheAt(watched.place);
    const heard: string[] = [];
    cache.subscribe("news", (text) => heard.push(text));
    await cache.set("a", "1", 60_000);
    const before = await cache.acquire("loops", "router-a", 60_000);
    await watched.primary.ask((client) => client.wait(1, 1000));

    await watched.primary.kill();
    await expect(cache.set("a", "2", 60_000)).rejects.toMatchObject(AWAY);
    await eventually(() => cache.set("b", "2", 60_000));
    expect(await cache.get("a")).toBe("1");
    expect(await cache.acquire("loops", "router-b", 60_000)).toBeUndefined();
    expect(await cache.acquire("loops", "router-a", 60_000)).toBeGreaterThan(before ?? Infinity);
    expect(await watched.replica.ask((client) => client.get("test:b"))).toBe("2");
    await eventually(async () => {
      await cache.publish("news", "back");
      expect(heard).toContain("back");
    });
  });
});

describe("a primary that hangs", () => {
  it("is left for the one the sentinels choose", async () => {
    const watched = await startSentinels();
    cleanUps.push(() => watched.remove());
    const cache = await cacheAt(watched.place);
    await cache.set("a", "1", 60_000);
    await watched.primary.ask((client) => client.wait(1, 1000));
    watched.primary.signal("SIGSTOP");
    const hung = await timed(() => cache.set("a", "2", 60_000));
    expect(hung.result).toMatchObject(AWAY);
    expect(hung.ms).toBeLessThan(10 * DEADLINE_MS);
    await eventually(() => cache.set("b", "2", 60_000));
    expect(await watched.replica.ask((client) => client.get("test:b"))).toBe("2");
    expect(await cache.get("a")).toBe("1");
  });
});

describe("a cluster", () => {
  it("is heard although the node that was listened to is gone", async () => {
    const cluster = await startCluster();
    cleanUps.push(() => cluster.remove());
    const cache = await cacheAt(cluster.place);
    const heard: string[] = [];
    cache.subscribe("news", (text) => heard.push(text));
    await eventually(async () => {
      await cache.publish("news", "first");
      expect(heard).toContain("first");
    });
    const counts = await Promise.all(
      cluster.servers.map(({ ask }) => ask((client) => client.pubsub("NUMSUB", "test:news"))),
    );
    const listened = cluster.servers[counts.findIndex(([, count]) => Number(count) > 0)];
    await listened?.kill();
    await eventually(async () => {
      await cache.publish("news", "second");
      expect(heard).toContain("second");
    });
  });

  it("is followed where its keys move, and misses only what the lost node had", async () => {
    const cluster = await startCluster();
    cleanUps.push(() => cluster.remove());
    const cache = await cacheAt(cluster.place);
    const [first, second, third] = cluster.servers as [RedisServer, RedisServer, RedisServer];
    await eventually(() => cache.set("a", "1", 60_000));

    // The slot of this key goes elsewhere, empty, behind the router's back.
    const slot = await first.ask((client) => client.cluster("KEYSLOT", "test:moved"));
    const owner = slot < 5461 ? first : slot < 10_923 ? second : third;
    const heir = owner === second ? third : second;
    const heirId = await heir.ask((client) => client.cluster("MYID"));
    for (const server of [heir, owner]) {
      await server.ask((client) => client.cluster("SETSLOT", slot, "NODE", heirId));
    }
    await cache.set("moved", "1", 60_000);
    expect(await heir.ask((client) => client.get("test:moved"))).toBe("1");

    await heir.kill();
    const lost = await timed(() => cache.get("moved"));
    expect(lost.result).toMatchObject(AWAY);
    expect(lost.ms).toBeLessThan(10 * DEADLINE_MS);
    const names = Array.from({ length: 30 }, (_, index) => `key-${index}`);
    const kept = await eventually(async () => {
      const sets = await Promise.allSettled(names.map((name) => cache.set(name, "1", 60_000)));
      const works = sets.filter(({ status }) => status === "fulfilled").length;
      if (works < 10) throw new Error(`only ${works} of ${names.length}`);
      return works;
    });
    expect(kept).toBeLessThan(names.length);
  });
});
