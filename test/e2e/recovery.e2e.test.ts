import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { restartRouter, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  comeBack,
  eventually,
  putToWork,
  serverPids,
  servicePid,
  whereIs,
  type AtWork,
} from "../support/lab-recovery.ts";
import { freePort } from "../support/free-port.ts";
import { startRedis, type RedisServer } from "../support/redis-servers.ts";

/**
 * alice's kernel holds `x = 41`; then one thing after another is lost, and each time she returns through `/`.
 * The router is the lab's unprivileged account, which reads homes by the hub's grant; its cache is a real Redis.
 */
let lab: Lab;
let redis: RedisServer;
let router: RouterProcess;
let alice: AtWork;
let pid: number;
const measured: string[] = [];
const logs: string[] = [];

beforeAll(async () => {
  lab = startLab();
  redis = await startRedis([], await freePort());
  router = await startRouter(lab, {
    listen: { host: "127.0.0.1", port: await freePort() },
    cache: { url: `redis://127.0.0.1:${redis.port}` },
  });
  alice = await putToWork(router, "alice");
  [pid = 0] = serverPids(lab, alice.node, "alice");
}, 400_000);

afterAll(async () => {
  if (measured.length > 0) process.stdout.write(`${measured.join("\n")}\n`);
  await router?.stop();
  await redis?.remove();
  lab?.down();
}, 60_000);

/** The hub lists her server again, and the record that the router read from her home says the same. */
async function expectAllWell(): Promise<void> {
  await eventually(() => {
    const { kind, servers, home } = whereIs(router, "alice");
    expect({ kind, home, servers }).toMatchObject({
      kind: "found",
      servers: [{ node: alice.node, state: "ready", evidence: "hub-list", pid, record: { pid } }],
      home: { state: "read", trouble: "", claims: [{ server: "", node: alice.node }] },
    });
  });
  expect(serverPids(lab, alice.node, "alice")).toEqual([pid]);
  await eventually(async () => {
    const text = await (await fetch(`${router.url}/readyz`)).text();
    expect(text).toContain('{"name":"cache","ready":true}');
  });
}

it("shows where she is, by what evidence, and how old it is", async () => {
  await expectAllWell();
  await eventually(() => {
    const { servers, home } = whereIs(router, "alice");
    expect(servers).toMatchObject([
      {
        ageMs: expect.any(Number),
        record: { host: alice.node, kernels: { open: 1 }, ageMs: expect.any(Number), stale: false },
      },
    ]);
    expect(home.ageMs).toBeLessThan(15_000);
  });
});

async function killRouter(): Promise<void> {
  const gone = new Promise((done) => router.process.once("exit", done));
  logs.push(router.log());
  router.process.kill("SIGKILL");
  await gone;
}

async function startRouterAgain(): Promise<void> {
  router = await restartRouter(router);
}

async function kill(name: "hub" | "proxy", first = "true"): Promise<void> {
  await Promise.resolve();
  lab.run("sh", alice.node, `${first}; kill -9 ${servicePid(lab, alice.node, name)}`);
}

interface Fault {
  readonly strike: () => Promise<unknown>;
  readonly mend?: () => Promise<void>;
}

const DATABASE = "/var/lib/multijhub/hub/jupyterhub.sqlite";
const FAULTS: Record<string, Fault> = {
  "the router is killed and started again": { strike: killRouter, mend: startRouterAgain },
  "Redis is emptied": { strike: () => redis.ask((client) => client.flushall()) },
  "Redis is killed": { strike: () => redis.kill() },
  "the hub is killed": { strike: () => kill("hub") },
  "the hub's proxy is killed": { strike: () => kill("proxy") },
  "the hub's database is deleted, and the hub killed": {
    strike: () => kill("hub", `rm ${DATABASE}`),
  },
  "router, Redis and hub are killed at once": {
    async strike() {
      await Promise.all([kill("hub"), redis.kill(), killRouter()]);
    },
    async mend() {
      await redis.restart();
      await startRouterAgain();
    },
  },
};

describe.each(Object.entries(FAULTS))("when %s", (fault, { strike, mend }) => {
  it("brings alice back to the same kernel of the same server", async () => {
    await strike();
    const beganAtMs = Date.now();
    await mend?.();
    const { ms, seen } = await comeBack(alice, beganAtMs);
    if (!(await isRedisUp())) await redis.restart();
    await expectAllWell();
    const wellMs = Date.now() - beganAtMs;
    measured.push(`${fault}: ${seconds(ms)} (${seen.join(", then ")}); all as before: ${seconds(wellMs)}`);
    expect(await alice.kernel.evaluate("x + 1")).toBe("42");
  });
});

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function isRedisUp(): Promise<boolean> {
  return redis
    .ask((client) => client.ping())
    .then(
      () => true,
      () => false,
    );
}

describe("what is secret", () => {
  it("is in no cache, log, page, answer of the API, record or claim", async () => {
    const canaries = secrets();
    const home = await alice.browser.go("/home");
    const places = {
      cache: await everythingIn(redis),
      log: [...logs, router.log()].join("\n"),
      api: router.command("where", "alice", "--json") + router.command("nodes", "--json"),
      page: home.body,
      files: read("home/alice/.local/share/jupyter/runtime/jhub-*"),
    };
    expect(canaries.length).toBeGreaterThan(3);
    for (const [place, text] of Object.entries(places)) {
      expect({ place, isEmpty: text === "" }).toEqual({ place, isEmpty: false });
      expect({ place, leaks: canaries.filter((canary) => text.includes(canary)).length }).toEqual({
        place,
        leaks: 0,
      });
    }
  });

  /** What opens alice's server, her node's hub, and every hub: its environment, its settings, the router's keys. */
  function secrets(): string[] {
    const environment = lab.run("sh", alice.node, `tr '\\0' '\\n' </proc/${pid}/environ`);
    const settings = lab.run("sh", alice.node, "cat /var/lib/multijhub/hub/settings.json");
    const master = readFileSync(join(lab.dir, "router/state/master.key"));
    const ticketKey = read("router/state/ticket-ed25519.pem").replace(/^-----.*$/gm, "");
    const found = [
      /^JUPYTERHUB_API_TOKEN=(.+)$/m.exec(environment)?.[1],
      /"service_?[tT]oken": *"([^"]+)"/.exec(settings)?.[1],
      ...(["hex", "base64", "base64url"] as const).map((form) => master.toString(form)),
      ...ticketKey.split("\n"),
    ];
    expect(found.slice(0, 2)).toEqual([expect.any(String), expect.any(String)]);
    return found.filter((text) => text !== undefined && text.length >= 16) as string[];
  }

  function read(pattern: string): string {
    return execFileSync("sh", ["-c", `cat ${join(lab.dir, pattern)}`], { encoding: "utf8" });
  }

  function everythingIn({ ask }: RedisServer): Promise<string> {
    return ask(async (client) => {
      const keys = await client.keys("*");
      const values = keys.map(async (key) =>
        (await client.type(key)) === "hash" ? JSON.stringify(await client.hgetall(key)) : client.get(key),
      );
      return [...keys, ...(await Promise.all(values))].join("\n");
    });
  }
});
