import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { PlanAnswer } from "../../src/router/admin/decide/plan-views.ts";
import { startKernel } from "../support/lab-kernel.ts";
import { inBrief, planBy, QUICK_REBALANCING, setUse, stopped } from "../support/lab-plans.ts";
import { eventually, putToWork, serverPids, type AtWork } from "../support/lab-recovery.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { signInAt, untilLab } from "../support/lab-visitor.ts";

/** alice and bob work on one node, which gets hot; alice stops working, bob's kernel computes on. */
let lab: Lab;
let router: RouterProcess;
let alice: AtWork;
let bob: AtWork;
let bobsServer: readonly number[];

beforeAll(async () => {
  lab = startLab();
  setUse(lab, { node1: 20, node2: 95, node3: 95 });
  router = await startRouter(lab, QUICK_REBALANCING);
  alice = await putToWork(router, "alice");
  bob = await putToWork(router, "bob");
  expect([alice.node, bob.node]).toEqual(["node1", "node1"]);
  await alice.kernel.evaluate("print(41, file=open('kept.txt', 'w', encoding='ascii'), flush=True) or 1");
  await bob.kernel.evaluate("import time; time.sleep(900)", 2000).catch(() => undefined);
  bobsServer = serverPids(lab, "node1", "bob");
  setUse(lab, { node1: 92, node2: 20, node3: 25 });
}, 400_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

/** Servers tell once a minute how they are. */
function untilPlanned(): Promise<PlanAnswer> {
  return eventually(() => {
    const plan = planBy(router, "rebalance", "--dry-run");
    expect(stopped(plan)).toEqual(["alice"]);
    expect(plan.leftAlone).toMatchObject([{ user: "bob", node: "node1", why: "a kernel is busy" }]);
    return plan;
  }, 90);
}

it("plans with reasons, and a rehearsal keeps nothing", async () => {
  const plan = await untilPlanned();
  expect(plan).toMatchObject({ id: null, state: "rehearsed", nothing: null });
  expect(inBrief(plan)).toEqual(expect.arrayContaining(["cordon node1: open", "stop alice: open"]));
  for (const { reasons } of plan.moves) expect(reasons.length).toBeGreaterThan(0);
  expect(plan.nodes).toMatchObject([{ node: "node1", standing: "hot", before: 0.92 }, {}, {}]);
  expect(router.command("plan", "list")).toBe("there are no plans\n");
}, 400_000);

it("carries it out: the owner is told, has their time, and then the server is stopped", async () => {
  const plan = planBy(router, "rebalance", "--act");
  expect(inBrief(plan)).toEqual(expect.arrayContaining(["cordon node1: done", "stop alice: open"]));
  expect(plan.state).toBe("grace");
  const over = await eventually(() => {
    const now = planBy(router, "plan", "show", plan.id ?? "");
    expect(now.state).toBe("done");
    return now;
  });
  expect(inBrief(over)).toContain("stop alice: done");
  expect(serverPids(lab, "node1", "alice")).toEqual([]);
});

it("has the owner's next visit placed on another node, with their files", async () => {
  const node = await untilLab(alice.browser);
  expect(["node2", "node3"]).toContain(node);
  const kernel = await startKernel(router.url, alice.browser, `/n/${node}/user/alice/`);
  expect(await kernel.evaluate("int(open('kept.txt').read()) + 1")).toBe("42");
});

it("leaves the busy kernel alone through five runs", () => {
  for (let run = 0; run < 5; run += 1) {
    const plan = planBy(router, "rebalance", "--act");
    expect(stopped(plan)).toEqual([]);
    expect(plan.leftAlone).toMatchObject([{ user: "bob", why: "a kernel is busy" }]);
  }
  expect(serverPids(lab, "node1", "bob")).toEqual(bobsServer);
});

it("opens the node again once it is cool, and then says that nothing is to be done", async () => {
  setUse(lab, { node1: 30 });
  await eventually(() => {
    expect(router.command("rebalance", "--act")).toContain("done: node1 takes new servers again");
  });
  await eventually(() => {
    expect(router.command("rebalance", "--act")).toContain("nothing to do: balanced");
  });
});

it("waits for an admin's word in mode report, and takes it on the page", async () => {
  setUse(lab, { node1: 92 });
  const plan = await eventually(() => {
    const made = planBy(router, "rebalance");
    expect(inBrief(made)).toContain("cordon node1: open");
    return made;
  });
  expect(plan.state).toBe("waiting");
  const carol = await signInAt(router.url, "carol");
  const path = `/admin/plans/${plan.id ?? ""}`;
  const { body } = await carol.go(path);
  const token = /name="form_token" value="([^"]*)"/.exec(body)?.[1] ?? "";
  await carol.submit(`${path}/approve`, { form_token: token });
  await eventually(() => {
    const now = planBy(router, "plan", "show", plan.id ?? "");
    expect(now).toMatchObject({ state: "done", approvedBy: "carol" });
    expect(inBrief(now)).toContain("cordon node1: done");
  });
});
