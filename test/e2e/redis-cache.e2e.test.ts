import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "@jest/globals";
import type { RedisPlace } from "../../src/discovery/decide/redis-place.ts";
import { createRedisCache } from "../../src/discovery/io/cache.ts";
import { itIsACache } from "../contract/cache.ts";
import { startCluster, startRedis, startSentinels } from "../support/redis-servers.ts";

const servers: { remove(): Promise<void> }[] = [];
const places = new Map<string, RedisPlace>();
let rounds = 0;

beforeAll(async () => {
  const [single, watched, cluster] = await Promise.all([startRedis(), startSentinels(), startCluster()]);
  servers.push(single, watched, cluster);
  places.set("one server", { kind: "socket", path: single.socket });
  places.set("sentinels", watched.place);
  places.set("a cluster", cluster.place);
}, 60_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
});

for (const name of ["one server", "sentinels", "a cluster"]) {
  itIsACache(`Redis by ${name}`, async () => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`${name} did not start`);
    rounds += 1;
    const cache = createRedisCache({ place, prefix: `test${rounds}:` });
    await cache.start();
    return { cache, pass: (ms: number) => sleep(ms), close: () => cache.stop() };
  });
}
