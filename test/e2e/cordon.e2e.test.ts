import { beforeAll, expect, it } from "@jest/globals";
import { resolve } from "node:path";
import type { ExplainAnswer, NodeAnswer, NodesAnswer } from "../../src/router/admin/decide/api-views.ts";
import { restartRouter, startTwin, type RouterProcess, useLab } from "../support/lab.ts";
import { comeBack, eventually, putToWork, type AtWork } from "../support/lab-recovery.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/** Two routers, real nodes. alice works on one of them, which is then cordoned, drained and opened again. */
const site = useLab({
  arrange: async () => ({ listen: { host: "127.0.0.1", port: await freePort() } }),
});
let twin: RouterProcess;
let alice: AtWork;

beforeAll(async () => {
  twin = await startTwin(site.lab, site.router);
  site.atEnd(() => twin.stop());
  alice = await putToWork(site.router, "alice");
}, 200_000);

function herNodeAt({ configFile }: RouterProcess): NodeAnswer | undefined {
  const main = resolve("dist/main.js");
  const text = site.lab.run("as-router", process.execPath, main, "--config", configFile, "nodes", "--json");
  return (JSON.parse(text) as NodesAnswer).nodes.find(({ node }) => node === alice.node);
}

function untilSeen(at: RouterProcess, expected: object): Promise<void> {
  return eventually(() => {
    expect(herNodeAt(at)).toMatchObject(expected);
  });
}

function verdictOnHerNode(user: string) {
  const { now } = JSON.parse(site.router.command("explain", user, "--json")) as ExplainAnswer;
  return now.verdicts.find(({ node }) => node === alice.node);
}

const CORDONED = {
  state: "up",
  closure: { state: "cordoned", order: { kind: "cordon", reason: "kernel update" } },
};

it("keeps a cordon on the node, where every router sees it", async () => {
  const rehearsed = site.router.command("cordon", alice.node, "--until", "2h", "--dry-run");
  expect(rehearsed).toContain(`${alice.node}: would be cordoned by`);
  expect(herNodeAt(site.router)).toMatchObject({ closure: null });
  const said = site.router.command("cordon", alice.node, "--until", "2h", "--reason", "kernel update");
  expect(said).toMatch(
    /cordoned by uid \d+ until .*\d\d:\d\d \S+: kernel update\n {2}1 running there, left alone/,
  );
  expect(herNodeAt(site.router)).toMatchObject(CORDONED);
  await untilSeen(twin, CORDONED);
  expect(site.lab.run("sh", alice.node, "stat -c '%a %U' /var/lib/multijhub/order.json").trim()).toBe(
    "600 root",
  );
  await eventually(() => {
    expect(site.router.log()).toMatch(/"audit":"order".*"asked":"cordon"/);
  });
});

it("is read from the node after kill -9 of the router; alice returns there, bob goes elsewhere", async () => {
  const gone = new Promise((done) => site.router.process.once("exit", done));
  site.router.process.kill("SIGKILL");
  await gone;
  site.router = await restartRouter(site.router);
  await comeBack(alice, Date.now());
  await untilSeen(site.router, CORDONED);
  const bob = await signInAt(site.router.url, "bob");
  expect(await untilLab(bob)).not.toBe(alice.node);
  expect(verdictOnHerNode("carol")).toMatchObject({
    accepted: false,
    reasons: [expect.stringMatching(/^cordoned by .*: kernel update$/)],
  });
});

it("drains: by an admin's form, until nobody is left", async () => {
  const carol = await signInAt(site.router.url, "carol");
  const fields = { kind: "drain", end: "2h", reason: "new disk" };
  const page = await carol.go(`/admin/nodes/${alice.node}`);
  const token = /name="form_token" value="([^"]*)"/.exec(page.body)?.[1] ?? "";
  const { body } = await carol.submit(`/admin/nodes/${alice.node}/order`, { ...fields, form_token: token });
  expect(body).toMatch(/is draining, asked by carol, to be empty by .*: new disk/);
  expect(await alice.kernel.evaluate("x + 1")).toBe("42");
  await pressButton(alice.browser, await alice.browser.go("/home"), "/home/stop");
  await until(alice.browser, "/home", ({ body: home }) => home.includes("You have no running server."));
  await untilSeen(twin, { closure: { state: "drained", words: "drained, asked by carol: new disk" } });
  expect(await untilLab(alice.browser)).not.toBe(alice.node);
});

it("takes new servers again when it is opened, also by another router", async () => {
  expect(site.router.command("undrain", alice.node)).toBe(`${alice.node} takes new servers\n`);
  expect(verdictOnHerNode("carol")).toMatchObject({ accepted: true });
  await untilSeen(twin, { closure: null });
});

it("asks nothing of a node without power, and says so", async () => {
  site.lab.run("crash", alice.node);
  await untilSeen(site.router, { state: "down" });
  expect(() => site.router.command("cordon", alice.node)).toThrow();
  expect(herNodeAt(site.router)).toMatchObject({ state: "down", closure: null });
});
