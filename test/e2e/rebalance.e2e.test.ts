import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { PlanAnswer } from "../../src/router/admin/decide/plan-views.ts";
import { startKernel } from "../support/lab-kernel.ts";
import { auditOf, inBrief, planBy, QUICK_REBALANCING, setUse, stopped } from "../support/lab-plans.ts";
import { eventually, putToWork, servicePid, serverPids, type AtWork } from "../support/lab-recovery.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** alice and bob work on one node, which gets hot; alice stops working, bob's kernel computes on. Plans wait for approval. */
let lab: Lab;
let router: RouterProcess;
let alice: AtWork;
let bob: AtWork;
let bobsServer: readonly number[];

beforeAll(async () => {
  lab = startLab();
  setUse(lab, { node1: 20, node2: 95, node3: 95 });
  const { rebalance, idle } = QUICK_REBALANCING;
  router = await startRouter(lab, {
    rebalance: { ...rebalance, stop_empty_hubs: true },
    hub: { ...hubOf(lab), stop_empty_after: "8s" },
    server: { start_elsewhere_after: "1s" },
    idle,
  });
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

function hubOf({ settings }: Lab) {
  return { jupyterhub: settings["LAB_JUPYTERHUB"], proxy_command: [settings["LAB_PROXY"]] };
}

function hasHub(node: string): boolean {
  const pid = servicePid(lab, node, "hub");
  return lab.run("sh", node, `[ ${pid} -gt 0 ] && [ -d /proc/${pid} ] && echo yes || true`) !== "";
}

/** What came of the plan, once it is over. */
function untilOver({ id }: PlanAnswer): Promise<PlanAnswer> {
  return eventually(() => {
    const now = planBy(router, "plan", "show", id ?? "");
    expect(now.state).toBe("done");
    return now;
  });
}

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

it("carries it out once it is approved: the owner is told, has their time, and then the server is stopped", async () => {
  expect(hasHub("node2")).toBe(false);
  const plan = planBy(router, "rebalance");
  expect(inBrief(plan)).toEqual(["cordon node1: open", "stop alice: open", "warm-hub node2: open"]);
  router.command("plan", "approve", plan.id ?? "");
  const over = await untilOver(plan);
  expect(inBrief(over)).toEqual(expect.arrayContaining(["cordon node1: done", "warm-hub node2: done"]));
  expect(hasHub("node2")).toBe(true);
  // Clocks are compared by samples, which come late on a busy machine: then the server says that it was used since.
  await eventually(() => {
    if (serverPids(lab, "node1", "alice").length > 0) planBy(router, "rebalance", "--act");
    expect(serverPids(lab, "node1", "alice")).toEqual([]);
  });
  const lines = auditOf(router).filter(({ user }) => user === "alice");
  const [told, stop] = [lines.find(({ audit }) => audit === "notice"), lines.at(-1)];
  expect(stop).toMatchObject({ audit: "move", kind: "stop-server", why: "hot-node", result: "done" });
  expect(Date.parse(String(stop?.["at"]))).toBeGreaterThanOrEqual(Date.parse(String(told?.["notBefore"])));
});

it("has the owner's next visit placed on another node, with their files", async () => {
  const node = await untilLab(alice.browser);
  expect(node).toBe("node2");
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

async function startElsewhere({ browser }: AtWork): Promise<string> {
  const choice = await until(browser, "/", ({ body }) => body.includes("/start-elsewhere"));
  await pressButton(browser, choice, "/start-elsewhere");
  return untilLab(browser);
}

/** As it is when a node was silent for long, and owners have decided not to wait for it. */
async function startElsewhereToo(silent: readonly string[]): Promise<void> {
  for (const node of silent) lab.run("stall", node);
  try {
    const nodes = await Promise.all([alice, bob].map(startElsewhere));
    for (const node of nodes) expect(silent).not.toContain(node);
  } finally {
    for (const node of silent) lab.run("resume", node);
  }
}

it("ends of two idle servers of one name the one that was used less, and of a busy one the other", async () => {
  await startElsewhereToo(["node1", "node2"]);
  const plan = await eventually(() => {
    const made = planBy(router, "rebalance");
    expect([...stopped(made)].sort()).toEqual(["alice", "bob"]);
    return made;
  }, 90);
  const stops = plan.moves.flatMap(({ node, stop }) => (stop === null ? [] : [[stop.user, node, stop.why]]));
  expect(stops.sort()).toEqual([
    ["alice", "node2", "duplicate"],
    ["bob", "node3", "duplicate"],
  ]);
  router.command("plan", "approve", plan.id ?? "");
  await eventually(() => {
    const left = [...serverPids(lab, "node2", "alice"), ...serverPids(lab, "node3", "bob")];
    if (left.length > 0) planBy(router, "rebalance", "--act");
    expect(left).toEqual([]);
  });
  expect(serverPids(lab, "node3", "alice")).toHaveLength(1);
  expect(serverPids(lab, "node1", "bob")).toEqual(bobsServer);
}, 300_000);

it("stops a hub that nobody uses any more, once that is approved", async () => {
  const plan = await eventually(() => {
    const made = planBy(router, "rebalance");
    expect(inBrief(made)).toContain("stop-hub node2: open");
    return made;
  });
  expect(hasHub("node2")).toBe(true);
  const before = auditOf(router).length;
  router.command("plan", "approve", plan.id ?? "");
  expect(inBrief(await untilOver(plan))).toContain("stop-hub node2: done");
  expect(["node1", "node2", "node3"].filter(hasHub)).toEqual(["node1", "node3"]);
  expect(auditOf(router).slice(before)).toMatchObject([
    { audit: "approval", plan: plan.id },
    { audit: "hub", by: "router", node: "node2", did: "stop" },
    { audit: "move", kind: "stop-hub", node: "node2", result: "done" },
  ]);
});
