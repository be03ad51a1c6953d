import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { createCacheWatch } from "../../src/discovery/cache-watch.ts";
import type { RedisAccount } from "../../src/discovery/decide/redis-place.ts";
import { createRedisCache } from "../../src/discovery/io/cache.ts";
import { createLeadership } from "../../src/discovery/leadership.ts";
import type { ServerKey, ServerName, UserName } from "../../src/model.ts";
import { createAssignments } from "../../src/router/way-in/assignments.ts";
import type { Session } from "../../src/router/sign-in/decide/session.ts";
import { createRevocations } from "../../src/router/sign-in/revocations.ts";
import { createSystemClock, createSystemRandom } from "../../src/system.ts";
import { NODE1, NODE2 } from "../support/fake-world.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { type RedisServer, startRedis } from "../support/redis-servers.ts";
import { eventually } from "../support/wait-for.ts";

const clock = createSystemClock();
const random = createSystemRandom();
const TTL_MS = 900;
const cleanUps: (() => Promise<void>)[] = [];
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.remove());
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  await redis.ask((client) => client.flushall());
});

/** What a router has on its cache, as `app.ts` puts it together. */
async function startRouter(name: string, account: RedisAccount = {}) {
  const log = createMemoryLog();
  const place = { kind: "socket", path: redis.socket } as const;
  const cache = createRedisCache({ place, account, commandMs: 300, connectMs: 500 });
  const watch = createCacheWatch({ store: cache, random, clock, log }, { everyMs: 100 });
  const leadership = createLeadership(
    { leases: cache, clock, log },
    { name: "loops", holder: name, ttlMs: TTL_MS },
  );
  const store = { ...cache, onReturn: watch.onReturn };
  const assignments = createAssignments(
    { store, isNode: () => true, clock, log },
    { router: name, startMs: 60_000, settledMs: 60_000, placementMs: 60_000 },
  );
  const revocations = createRevocations({ clock, store, log }, { totalMs: 3_600_000, askEveryMs: 600_000 });
  for (const service of [cache, watch, leadership]) {
    await service.start();
    cleanUps.push(() => service.stop());
  }
  await soon(() => {
    expect(watch.isUp()).toBe(true);
  });
  return { cache, watch, leadership, assignments, revocations, log };
}

function keyOf(i: number): ServerKey {
  return { user: `user${i}` as UserName, server: "" as ServerName };
}

function sessionOf(id: string): Session {
  const user = "alice" as UserName;
  const times = { startedAtMs: clock.now() - 1000, expiresAtMs: clock.now() + 60_000 };
  return { id, user, groups: [], isAdmin: false, lobby: NODE1, nodes: [], ...times };
}

function soon(claim: () => void): Promise<void> {
  return eventually(() => Promise.resolve().then(claim));
}

describe("two routers with one Redis", () => {
  it("agree on every server, each time both decide at once", async () => {
    const [a, b] = [await startRouter("a"), await startRouter("b")];
    const keys = Array.from({ length: 100 }, (_, i) => keyOf(i));
    const byA = keys.map((key) => a.assignments.propose(key, NODE1));
    const byB = keys.map((key) => b.assignments.propose(key, NODE2));
    expect(await Promise.all(byA)).toEqual(await Promise.all(byB));
  });

  it("end a session at both, without the other asking", async () => {
    const [a, b] = [await startRouter("a"), await startRouter("b")];
    expect(await b.revocations.isRevoked(sessionOf("one"))).toBe(false);
    await a.revocations.revoke(sessionOf("one"));
    await eventually(async () => {
      expect(await b.revocations.isRevoked(sessionOf("one"))).toBe(true);
    });
  });

  it("have one leader, and another when it is gone without a word", async () => {
    const a = await startRouter("a");
    await soon(() => {
      expect(a.leadership.hold()).toBeDefined();
    });
    const b = await startRouter("b");
    const former = a.leadership.hold();
    expect(b.leadership.hold()).toBeUndefined();
    await a.cache.stop();
    await soon(() => {
      expect(b.leadership.hold()).toBeDefined();
    });
    expect(former?.lost.aborted).toBe(true);
    expect(b.leadership.hold()?.token).toBeGreaterThan(former?.token ?? Infinity);
  });

  it("write again what they know after FLUSHALL, and lead with a greater number", async () => {
    const [a, b] = [await startRouter("a"), await startRouter("b")];
    await soon(() => {
      expect(a.leadership.hold() ?? b.leadership.hold()).toBeDefined();
    });
    const before = a.leadership.hold() ?? b.leadership.hold();
    await a.assignments.propose(keyOf(1), NODE1);
    await a.revocations.revoke(sessionOf("two"));
    await redis.ask((client) => client.flushall());
    await eventually(async () => {
      expect(await b.assignments.find(keyOf(1))).toMatchObject({ node: NODE1, by: "a" });
      expect(await b.cache.get("revoked/two")).toBeDefined();
      const after = a.leadership.hold() ?? b.leadership.hold();
      expect(after?.token).toBeGreaterThan(before?.token ?? Infinity);
    });
    expect(a.log.lines.map(({ message }) => message)).toContain("cache was emptied, and is filled again");
  });

  it("go on alone while Redis is away, say so once, and put it right afterwards", async () => {
    const a = await startRouter("a");
    await soon(() => {
      expect(a.leadership.hold()).toBeDefined();
    });
    await redis.kill();
    await soon(() => {
      expect(a.watch.isUp()).toBe(false);
    });
    expect(await a.assignments.propose(keyOf(2), NODE1)).toBe(NODE1);
    await soon(() => {
      expect(a.leadership.hold()).toBeUndefined();
    });
    await redis.restart();
    await soon(() => {
      expect(a.watch.isUp()).toBe(true);
    });
    const b = await startRouter("b");
    expect(await b.assignments.propose(keyOf(2), NODE2)).toBe(NODE1);
    const words = a.log.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(words).toEqual(["cache away: this router goes on alone", "lease lost"]);
  });

  it("need no more of Redis than docs/cache.md lists, and leave nothing there for ever", async () => {
    const granted = /needs\s+`([^`]+)`/.exec(readFileSync("docs/cache.md", "utf8"))?.[1]?.split(/\s+/) ?? [];
    expect(granted.length).toBeGreaterThan(10);
    await redis.ask((client) => client.call("ACL", "SETUSER", "router", "on", ">canary", ...granted));
    const a = await startRouter("router", { username: "router", password: "canary" });
    const b = await startRouter("other");
    await a.assignments.propose(keyOf(3), NODE1);
    await a.revocations.revoke(sessionOf("three"));
    await eventually(async () => {
      expect(await b.revocations.isRevoked(sessionOf("three"))).toBe(true);
    });
    await b.revocations.revoke(sessionOf("four"));
    await eventually(async () => {
      expect(await a.revocations.isRevoked(sessionOf("four"))).toBe(true);
    });
    await a.assignments.forget(keyOf(3), NODE1);
    await a.leadership.stop();
    await b.leadership.stop();
    expect(a.log.lines.filter(({ message }) => message !== "lease taken")).toEqual([]);
    for (const key of await redis.ask((client) => client.keys("*"))) {
      expect(`${key} ${await redis.ask((client) => client.pttl(key))}`).toMatch(/^multijhub:\S+ \d+$/);
    }
  });
});
