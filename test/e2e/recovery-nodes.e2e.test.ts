import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodesAnswer } from "../../src/router/admin/decide/api-views.ts";
import { startLab, startRouter, startTwin, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  eventually,
  putToWork,
  serverPids,
  spreadPids,
  startWithPid,
  whereIs,
} from "../support/lab-recovery.ts";
import { createCookieBrowser } from "../support/cookie-browser.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";
import { startRedis, type RedisServer } from "../support/redis-servers.ts";

/** Nodes that lose power under their users, and routers that can agree by the home alone: never two servers. */
const NODES = ["node1", "node2", "node3"];
let lab: Lab;
let redis: RedisServer;
let router: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  spreadPids(lab);
  attractTo("node3");
  redis = await startRedis([], await freePort());
  router = await startRouter(lab, {
    listen: { host: "127.0.0.1", port: await freePort() },
    cache: { url: `redis://127.0.0.1:${redis.port}` },
    server: { start_elsewhere_after: "5s" },
  });
}, 400_000);

afterAll(async () => {
  await router?.stop();
  await redis?.remove();
  lab?.down();
}, 60_000);

/** The lobby, node1, comes last. */
function attractTo(node: string): void {
  const file = join(lab.dir, "hosts");
  const text = readFileSync(file, "utf8").replace(/ weight=\d+/g, "");
  const weights: Readonly<Record<string, number>> = { node1: 1, [node]: 90 };
  writeFileSync(
    file,
    text.replace(/^(node\d) .*$/gm, (line, name: string) => `${line} weight=${weights[name] ?? 30}`),
  );
}

/** Where the user's servers run, by the process tables of the nodes that are up. */
function runningOn(user: string, nodes = NODES): string[] {
  return nodes.flatMap((node) => serverPids(lab, node, user).map(() => node));
}

function without(node: string): string[] {
  return NODES.filter((name) => name !== node);
}

describe("two routers that have lost Redis", () => {
  it("start one server for twenty clicks at once", async () => {
    const twin = await startTwin(lab, router);
    try {
      await redis.kill();
      const carol = await signInAt(router.url, "carol");
      const atTwin = createCookieBrowser(twin.url, carol.jar);
      const clicks = Array.from({ length: 20 }, (_, i) => untilLab(i % 2 === 0 ? carol : atTwin));
      const nodes = await Promise.all(clicks);
      expect(new Set(nodes).size).toBe(1);
      expect(runningOn("carol")).toEqual([nodes[0]]);
      expect(whereIs(twin, "carol")).toMatchObject({ kind: "found", servers: [{ node: nodes[0] }] });
    } finally {
      await twin.stop();
      await redis.restart();
    }
  });
});

describe("a node that loses power", () => {
  it("keeps alice waiting by name, with no server behind her back, until she starts elsewhere; then there is one", async () => {
    const { node, browser } = await putToWork(router, "alice");
    expect(node).toBe("node3");
    await eventually(() => {
      expect(whereIs(router, "alice").servers).toMatchObject([{ record: { kernels: { open: 1 } } }]);
    });
    lab.run("crash", node);
    const silent = await until(browser, "/", ({ body }) => body.includes(`Waiting for ${node}`));
    expect(silent.status).toBe(503);
    expect(whereIs(router, "alice")).toMatchObject({
      ...{ kind: "unknown", silent: [{ node, record: { kernels: { open: 1 } } }] },
      home: { claims: [{ server: "", node }] },
    });
    const choice = await until(browser, "/", ({ body }) => body.includes("/start-elsewhere"));
    expect(runningOn("alice", without(node))).toEqual([]);
    await pressButton(browser, choice, "/start-elsewhere");
    const next = await untilLab(browser);
    expect(next).not.toBe(node);
    await eventually(() => {
      expect(whereIs(router, "alice").home.claims).toMatchObject([{ server: "", node: next }]);
    });
    lab.run("start", node);
    await eventually(() => {
      expect(whereIs(router, "alice")).toMatchObject({ kind: "found", servers: [{ node: next }] });
    });
    expect(await untilLab(browser)).toBe(next);
    expect(runningOn("alice")).toEqual([next]);
  });

  it("gives bob a new server when it is back, though his pid is used again", async () => {
    await nodeIsOffered("node3");
    const { node, browser } = await putToWork(router, "bob");
    expect(node).toBe("node3");
    const [pid = 0] = serverPids(lab, node, "bob");
    await eventually(() => {
      expect(whereIs(router, "bob").servers).toMatchObject([{ record: { pid } }]);
    });
    lab.run("crash", node);
    await until(browser, "/", ({ body }) => body.includes(`Waiting for ${node}`));
    lab.run("start", node);
    startWithPid(lab, node, "exec setpriv --reuid bob --regid bob --clear-groups sleep 3600", pid);
    const beganAtMs = Date.now();
    expect(NODES).toContain(await untilLab(browser));
    process.stdout.write(`bob starts anew ${Date.now() - beganAtMs} ms after the node is back\n`);
    await eventually(() => {
      const { servers, home } = whereIs(router, "bob");
      expect(servers).toHaveLength(1);
      expect(home.claims).toMatchObject([{ node: servers[0]?.node }]);
    });
    expect(lab.run("sh", node, `cat /proc/${pid}/comm`).trim()).toBe("sleep");
  });

  function nodeIsOffered(node: string): Promise<void> {
    return eventually(() => {
      const { nodes } = JSON.parse(router.command("nodes", "--json")) as NodesAnswer;
      expect(nodes).toContainEqual(expect.objectContaining({ node, state: "up", load: expect.anything() }));
    });
  }
});
