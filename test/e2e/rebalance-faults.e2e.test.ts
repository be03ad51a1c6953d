import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { PlansAnswer } from "../../src/router/admin/decide/plan-views.ts";
import {
  auditOf,
  inBrief,
  isUnderWay,
  planBy,
  QUICK_REBALANCING,
  setUse,
  stopped,
} from "../support/lab-plans.ts";
import { eventually, putToWork, serverPids } from "../support/lab-recovery.ts";
import { startLab, startRouter, startTwin, type Lab, type RouterProcess } from "../support/lab.ts";
import { freePort } from "../support/free-port.ts";
import { startRedis, type RedisServer } from "../support/redis-servers.ts";

/** Two routers with one Redis. The one that leads is killed while it waits for the answer of a server. */
let lab: Lab;
let redis: RedisServer;
let router: RouterProcess;
let twin: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  const port = await freePort();
  redis = await startRedis([], port);
  setUse(lab, { node1: 20, node2: 95, node3: 95 });
  const own = {
    cache: { url: `redis://127.0.0.1:${port}/0` },
    listen: { host: "127.0.0.1", port: await freePort() },
  };
  router = await startRouter(lab, { ...QUICK_REBALANCING, ...own });
  await eventually(() => {
    expect(router.log()).toContain("lease taken");
  });
  twin = await startTwin(lab, router);
  for (const user of ["alice", "bob"]) expect((await putToWork(router, user)).node).toBe("node1");
  setUse(lab, { node1: 97, node2: 20, node3: 25 });
}, 400_000);

afterAll(async () => {
  await twin?.stop();
  await router?.stop();
  lab?.down();
  await redis?.remove();
}, 60_000);

/** By the command line, at the twin. */
function askTwin(...words: readonly string[]): string {
  return lab.run(
    "as-router",
    process.execPath,
    resolve("dist/main.js"),
    "--config",
    twin.configFile,
    ...words,
  );
}

it("lets one of two routers act; the other one refuses, and says why", async () => {
  await eventually(() => {
    expect([...stopped(planBy(router, "rebalance", "--dry-run"))].sort()).toEqual(["alice", "bob"]);
  }, 90);
  expect(() => askTwin("rebalance", "--act")).toThrow();
  expect(JSON.parse(askTwin("plan", "list", "--json"))).toMatchObject({ plans: [] });
}, 400_000);

it("goes on at the other router after kill -9 in the middle, and does nothing twice", async () => {
  const [first = "", second = ""] = stopped(planBy(router, "rebalance", "--dry-run"));
  const [pid = 0] = serverPids(lab, "node1", first);
  lab.run("sh", "node1", `kill -STOP ${pid}`);
  const asking = spawn(
    resolve("scripts/lab"),
    [
      "as-router",
      process.execPath,
      resolve("dist/main.js"),
      "--config",
      router.configFile,
      "rebalance",
      "--act",
    ],
    { env: { ...process.env, LAB_DIR: lab.dir }, stdio: "ignore" },
  );
  await eventually(() => {
    expect(isUnderWay(router, "2")).toBe(true);
  });
  const gone = new Promise((done) => router.process.once("exit", done));
  router.process.kill("SIGKILL");
  await gone;
  asking.kill();
  lab.run("sh", "node1", `kill -CONT ${pid}`);
  const plan = await eventually(() => {
    const { plans } = JSON.parse(askTwin("plan", "list", "--json")) as PlansAnswer;
    expect(plans).toMatchObject([{ state: "done" }]);
    return plans[0];
  }, 90);
  expect(plan && inBrief(plan).slice(0, 3)).toEqual([
    "cordon node1: done",
    `stop ${first}: unknown`,
    `stop ${second}: done`,
  ]);
  expect(serverPids(lab, "node1", first)).toContain(pid);
  expect(serverPids(lab, "node1", second)).toEqual([]);
  const lines = [...auditOf(router), ...auditOf(twin, "twin")].filter(
    ({ audit, kind }) => audit === "move" && kind !== "warm-hub",
  );
  expect(lines.map(({ kind, user, result }) => [kind, user ?? "", result].join(" ")).slice(0, 3)).toEqual([
    "cordon  done",
    `stop-server ${first} unknown`,
    `stop-server ${second} done`,
  ]);
}, 400_000);
