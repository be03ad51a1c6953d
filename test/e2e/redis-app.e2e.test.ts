import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { createApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { startAll } from "../../src/lifecycle.ts";
import { createSystemClock, createSystemRandom } from "../../src/system.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { type RedisServer, startRedis } from "../support/redis-servers.ts";
import { eventually } from "../support/wait-for.ts";

/** A whole router, on a Redis that comes and goes; its one node answers nobody. */
const METRICS_TOKEN = "a-token-that-only-this-test-knows";
const PASSWORD = "canary-of-the-cache";
const log = createMemoryLog();
let folder: string;
let redis: RedisServer;
let stop: () => Promise<void>;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "router-"));
  redis = await startRedis(["--requirepass", PASSWORD]);
  await mkdir(join(folder, "state"), { mode: 0o700 });
  await writeFile(join(folder, "hosts"), "node1 address=127.0.0.1 ansible_port=1\n");
  await writeFile(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
  await writeFile(join(folder, "metrics"), METRICS_TOKEN, { mode: 0o600 });
  const text = `
hosts_file: hosts
state_dir: state
listen: { port: 0 }
cache: { url: ${redis.socket}, password_file: password }
metrics: { token_file: metrics }
`;
  const config = parseConfig(text, { file: join(folder, "config.yaml"), home: folder });
  const app = await createApp(config, { clock: createSystemClock(), random: createSystemRandom(), log });
  stop = await startAll(app.services);
  url = app.url();
});
afterAll(async () => {
  await stop();
  await redis.remove();
  await rm(folder, { recursive: true });
});

async function metric(name: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  return new RegExp(`^multijhub_${name} (.+)$`, "m").exec(await answer.text())?.[1];
}

async function expectCache(isUp: boolean): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`${url}/readyz`);
    expect(await answer.text()).toContain(`{"name":"cache","ready":${isUp}}`);
    expect(await metric("store_up")).toBe(isUp ? "1" : "0");
  });
}

it("says how it is with Redis, and leads only with it", async () => {
  await expectCache(true);
  await eventually(async () => {
    expect(await metric("leader")).toBe("1");
  });
  await redis.kill();
  await expectCache(false);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  await eventually(async () => {
    expect(await metric("leader")).toBe("0");
  });
  await redis.restart();
  await expectCache(true);
  const words = log.lines.map(({ message }) => message);
  expect(words.filter((word) => word.startsWith("cache"))).toEqual([
    "cache in Redis",
    "cache away: this router goes on alone",
    "cache answers again",
  ]);
});

it("never tells its password", () => {
  expect(JSON.stringify(log.lines, (_key, value: unknown) => tell(value))).not.toContain(PASSWORD);
});

/** Errors with what they hold: JSON would leave it out. */
function tell(value: unknown): unknown {
  return value instanceof Error ? inspect(value, { depth: 10 }) : value;
}
