import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import type { CookieBrowser } from "../support/cookie-browser.ts";
import { inBrief, planBy, QUICK_REBALANCING, stopped } from "../support/lab-plans.ts";
import { eventually, serverPids } from "../support/lab-recovery.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** New keys while alice works: she stays signed in, and her server is the same. Orders to servers follow the keys. */
let lab: Lab | undefined;
let router: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  const { rebalance, idle } = QUICK_REBALANCING;
  router = await startRouter(lab, { rebalance, idle: { ...idle, cull_after: "1s" } });
}, 300_000);

afterAll(async () => {
  await router.stop();
  lab?.down();
}, 60_000);

it("rotates its keys under alice without her noticing", async () => {
  const alice = await signInAt(router.url, "alice");
  const node = await untilLab(alice);
  const pid = await kernelSource(alice, node);
  const [old] = keyIds("in use");

  router.command("keys", "rotate");
  await untilLogged(router, "the router's keys have changed", 1);
  await untilTold(node);
  expect((await alice.go("/home")).body).toContain("Signed in as alice");
  expect(await kernelSource(alice, node)).toBe(pid);

  router.command("keys", "retire");
  await untilLogged(router, "the router's keys have changed", 2);
  expect(keyIds("in use")).not.toContain(old);
  const home = await alice.go("/home");
  expect([home.path, home.status]).toEqual(["/home", 200]);
  expect(await kernelSource(alice, node)).toBe(pid);
  expect(await untilLab(alice)).toBe(node);

  const bob = await signInAt(router.url, "bob");
  await untilLab(bob);
  await until(bob, "/home", ({ body }) => body.includes("Stop this server"));
  const log = router.log();
  expect(log).not.toMatch(/BEGIN (PUBLIC|PRIVATE) KEY/);
}, 300_000);

it("orders what was started under keys that are good to stop, and leaves alone what was started before", async () => {
  router.command("keys", "rotate");
  await untilLogged(router, "the router's keys have changed", 3);
  await untilTold("node1");
  await eventually(() => {
    expect([...stopped(planBy(router, "rebalance", "--dry-run"))].sort()).toEqual(["alice", "bob"]);
  });
  const said = new Set<string>();
  await eventually(async () => {
    for (const line of inBrief(await acted())) said.add(line); // in one moment or another both are idle
    expect([...said]).toEqual(
      expect.arrayContaining([
        "stop alice: skipped, no answer, and not stopped: it was started under other keys than the router's, or is no server",
        "stop bob: done",
      ]),
    );
  });
  const left = ["node1", "node2", "node3"].flatMap((node) => serverPids(lab as Lab, node, "alice"));
  expect(left).toHaveLength(1);
}, 300_000);

/** A plan that was made now, once it has been carried out. */
async function acted() {
  const { id } = planBy(router, "rebalance", "--act");
  return eventually(() => {
    const now = planBy(router, "plan", "show", id ?? "");
    expect(now.state).toBe("done");
    return now;
  });
}

/** When the server started, as it says itself: a new one would say something else. */
async function kernelSource(browser: CookieBrowser, node: string): Promise<string> {
  const { body } = await browser.go(`/n/${node}/user/alice/api/status`);
  return (JSON.parse(body) as { readonly started: string }).started;
}

function keyIds(state: string): string[] {
  const { keys } = JSON.parse(router.command("keys", "show", "--json")) as {
    readonly keys: { readonly id: string; readonly state: string }[];
  };
  return keys.filter((key) => key.state === state).map(({ id }) => id);
}

/** Waits until the node's hub has been started with both public keys. */
async function untilTold(node: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const settings = lab?.run("sh", node, "cat /var/lib/multijhub/hub/settings.json") ?? "{}";
    const { ticket_keys: keys } = JSON.parse(settings) as { readonly ticket_keys: readonly string[] };
    if (keys.length === 2) return;
    await sleep(1000);
  }
  throw new Error(`the hub on ${node} was not told`);
}

async function untilLogged(from: RouterProcess, words: string, times: number): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    if (from.log().split(words).length > times) return;
    await sleep(1000);
  }
  throw new Error(`never said: ${words}`);
}
