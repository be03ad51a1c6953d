import { once } from "node:events";
import { afterEach, describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/errors.ts";
import { iso } from "../../src/wall-clock.ts";
import { HOUR, MINUTE } from "../support/plan-situations.ts";
import { serverKey } from "../support/node-views.ts";
import {
  APPROVE_MS,
  createSite,
  LEASE_MS,
  memoryFiles,
  neverEnds,
  outcomesOf,
  startRouterOf,
  type Site,
  type TestRouter,
} from "../support/rebalance-rig.ts";

const GRACE = 15 * MINUTE;
const started: TestRouter[] = [];

afterEach(async () => {
  for (const { rebalancer, leadership } of started.splice(0)) {
    await rebalancer.stop();
    await leadership.stop();
  }
});

async function start(site: Site, options: Parameters<typeof startRouterOf>[1] = {}): Promise<TestRouter> {
  const router = await startRouterOf(site, options);
  started.push(router);
  return router;
}

/** A run of the schedule, to its end. */
async function tick({ rebalancer }: TestRouter, { clock }: Site): Promise<void> {
  await rebalancer.tick(clock.now());
  await clock.advance(10);
}

const STOPS = ["stop alice on node1", "stop bob on node1"];

describe("with mode act", () => {
  it("cordons the hot node, tells owners first, and stops their servers in a later run", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1"]);
    expect(await outcomesOf(router)).toEqual([
      "cordon: done",
      "stop-server: skipped",
      "stop-server: skipped",
    ]);
    const [notice] = await router.notices.of(serverKey("alice").user);
    expect(notice).toMatchObject({
      node: "node1",
      why: "hot-node",
      notBeforeMs: site.clock.now() - 10 + GRACE,
    });
    await site.clock.advance(GRACE - MINUTE);
    await tick(router, site);
    expect(site.did).toHaveLength(1);
    await site.clock.advance(2 * MINUTE);
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1", ...STOPS]);
    expect(await router.notices.all()).toEqual([]);
  });

  it("begins anew with the notice when the server was used meanwhile", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    site.servers.set("alice", { node: "node1", idleSinceMs: site.clock.now() + MINUTE });
    await site.clock.advance(90 * MINUTE);
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1", "stop bob on node1"]);
    const [notice] = await router.notices.of(serverKey("alice").user);
    expect(notice?.notBeforeMs).toBe(site.clock.now() - 10 + GRACE);
  });

  it("leaves a server alone whose owner keeps it, and says no more to them", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    const untilMs = await router.notices.keep(serverKey("alice"));
    expect(untilMs).toBe(site.clock.now() + 8 * 60 * MINUTE);
    expect(await router.notices.of(serverKey("alice").user)).toEqual([]);
    await site.clock.advance(GRACE);
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1", "stop bob on node1"]);
    await router.notices.keep(serverKey("alice"));
    const keeps = router.audit.acts.filter(({ audit }) => audit === "keep");
    expect(keeps).toMatchObject([{ by: "alice", user: "alice", node: "node1", until: iso(untilMs) }]);
  });

  it("looks again before each move: what became busy is left alone, with the reason", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    await site.clock.advance(GRACE);
    site.during = (what) => {
      if (what === STOPS[0]) site.servers.set("bob", { node: "node1" });
      return Promise.resolve();
    };
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1", STOPS[0]]);
    const [record] = await router.book.all();
    expect(record?.outcomes.at(-1)).toMatchObject({ result: "skipped", words: "a kernel is busy" });
  });

  it.each([
    [{ kind: "kept", why: "a kernel is busy" }, "skipped", "a kernel is busy"],
    [{ kind: "silent", why: "no answer" }, "skipped", "no answer, and not stopped: no answer"],
    [{ kind: "unclear", why: "it lingers" }, "unknown", "it may end yet: it lingers"],
  ] as const)("says when a server was not stopped: %j", async (answer, result, words) => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    await site.clock.advance(GRACE);
    site.answer = answer;
    await tick(router, site);
    const [record] = await router.book.all();
    expect(record?.outcomes).toMatchObject([
      { result, words, isRefused: true },
      { result, words, isRefused: true },
    ]);
    expect(router.audit.acts.at(-1)).toMatchObject({
      audit: "move",
      by: "schedule",
      user: "bob",
      result,
    });
  });

  it("asks others first once a server did not stop", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    await site.clock.advance(GRACE);
    site.servers.delete("bob");
    site.answer = { kind: "kept", why: "a kernel is busy" };
    await tick(router, site);
    site.answer = undefined;
    site.servers.set("bob", { node: "node1", idleSinceMs: site.clock.now() - 5 * HOUR });
    await tick(router, site);
    const [record] = await router.book.all();
    const users = record?.plan.moves.flatMap((move) => (move.kind === "stop-server" ? [move.key.user] : []));
    expect(users).toEqual(["bob", "alice"]);
  });

  it("never lifts what a person has asked of a node", async () => {
    const site = createSite();
    const router = await start(site);
    await tick(router, site);
    const order = { kind: "cordon", by: "carol", atMs: 0 } as const;
    site.closures.set("node1", { state: "cordoned", words: "cordoned by carol", order });
    site.used.set("node1", 20);
    await site.clock.advance(60 * MINUTE);
    await tick(router, site);
    expect(site.did).toEqual(["cordon node1"]);
    expect(site.closures.get("node1")).toMatchObject({ words: "cordoned by carol" });
  });

  it("leaves it alone also when a person was quicker by a moment", async () => {
    const site = createSite();
    const router = await start(site);
    site.during = (what) =>
      what === "cordon node1"
        ? Promise.reject(new AppError("ORDER_STANDS", "node1 is cordoned by carol"))
        : Promise.resolve();
    await tick(router, site);
    const [record] = await router.book.all();
    expect(record?.outcomes[0]).toMatchObject({ result: "skipped", words: "node1 is cordoned by carol" });
  });

  it("tells by the messenger too, and goes on when that fails", async () => {
    const site = createSite();
    const told: string[] = [];
    const messenger = {
      tell({ key }: { readonly key: { readonly user: string } }) {
        told.push(key.user);
        return Promise.reject(new Error("no mail today"));
      },
    };
    const router = await start(site, { messenger });
    await tick(router, site);
    await tick(router, site);
    expect(told).toEqual(["alice", "bob"]);
    expect(router.log.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
  });
});

describe("one at a time", () => {
  it("refuses a run while one is under way, and leaves out the schedule's", async () => {
    const site = createSite();
    const router = await start(site);
    const finish = new AbortController();
    site.during = () => once(finish.signal, "abort").then(() => undefined);
    await router.rebalancer.run("carol", true);
    await site.clock.advance(10);
    await expect(router.rebalancer.run("carol", true)).rejects.toMatchObject({ code: "REBALANCE_BUSY" });
    await router.rebalancer.tick(site.clock.now());
    expect(await router.book.all()).toHaveLength(1);
    finish.abort();
    await site.clock.advance(10);
    site.during = () => Promise.resolve();
    await router.rebalancer.run("carol", false);
    expect(await router.book.all()).toHaveLength(2);
  });

  it("uses a time of the schedule once, whichever router leads", async () => {
    const site = createSite();
    const router = await start(site);
    const atMs = site.clock.now();
    await router.rebalancer.tick(atMs);
    await site.clock.advance(10);
    await router.rebalancer.tick(atMs);
    expect(router.tally.read().runs).toEqual(new Map([["planned", 1]]));
  });
});

describe("with mode report", () => {
  it("keeps the plan, tells nobody, and does nothing", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    await tick(router, site);
    await site.clock.advance(GRACE);
    expect(site.did).toEqual([]);
    expect(await router.notices.all()).toEqual([]);
    expect(await router.book.all()).toMatchObject([{ state: "waiting", outcomes: [] }]);
  });

  it("carries out what is approved: owners have their time, and then the rest follows", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    const { plan } = await router.rebalancer.run("carol", false);
    await site.clock.advance(20 * MINUTE);
    await router.rebalancer.approve(plan.id, "carol");
    await site.clock.advance(10);
    expect(site.did).toEqual(["cordon node1"]);
    expect(await router.book.find(plan.id)).toMatchObject({ state: "grace", approvedBy: "carol" });
    await site.clock.advance(GRACE + 5000);
    expect(site.did).toEqual(["cordon node1", ...STOPS]);
    expect(await router.book.find(plan.id)).toMatchObject({ state: "done" });
    expect(router.audit.acts.map(({ audit, by }) => `${audit} by ${by}`)).toEqual([
      ...["approval by carol", "notice by rebalancing", "notice by rebalancing"],
      ...["move by carol", "move by carol", "move by carol"],
    ]);
    await expect(router.rebalancer.approve(plan.id, "carol")).rejects.toMatchObject({
      code: "PLAN_NOT_WAITING",
    });
  });

  it("does not take an approval that comes too late", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    const { plan } = await router.rebalancer.run("carol", false);
    await site.clock.advance(APPROVE_MS + 5000);
    expect(await router.book.find(plan.id)).toMatchObject({ state: "expired" });
    await expect(router.rebalancer.approve(plan.id, "carol")).rejects.toThrow(/too old/);
    expect(site.did).toEqual([]);
  });

  it("does not take an approval that cannot be told to all routers, not even later", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    const { plan } = await router.rebalancer.run("carol", false);
    site.store.setDown(true);
    const approving = router.rebalancer.approve(plan.id, "carol");
    await expect(approving).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    site.store.setDown(false);
    await site.clock.advance(MINUTE);
    expect(site.did).toEqual([]);
  });

  it("spares a server that was used between plan and approval", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    const { plan } = await router.rebalancer.run("carol", false);
    site.servers.set("alice", { node: "node1", idleSinceMs: site.clock.now() + MINUTE });
    await site.clock.advance(30 * MINUTE);
    await router.rebalancer.approve(plan.id, "carol");
    await site.clock.advance(90 * MINUTE);
    expect(site.did).toEqual(["cordon node1", "stop bob on node1"]);
    expect(await outcomesOf(router)).toEqual(["cordon: done", "stop-server: skipped", "stop-server: done"]);
  });
});

describe("what is not kept", () => {
  it("is a rehearsal", async () => {
    const site = createSite();
    const router = await start(site, { mode: "off" });
    expect(await router.rebalancer.rehearse("carol")).toMatchObject({
      trigger: "carol",
      nodes: { length: 3 },
    });
    expect(await router.book.all()).toEqual([]);
    await expect(router.rebalancer.run("carol", true)).rejects.toMatchObject({ code: "REBALANCE_OFF" });
  });

  it("are all plans with nothing to do but the last", async () => {
    const site = createSite();
    site.used.set("node1", 25);
    const router = await start(site);
    for (let i = 0; i < 3; i += 1) {
      await tick(router, site);
      await site.clock.advance(MINUTE);
    }
    const records = await router.book.all();
    expect(records).toMatchObject([
      { state: "nothing", plan: { nothing: expect.stringMatching(/^balanced/) } },
    ]);
    expect(await router.shelf.names()).toHaveLength(2);
  });

  it("is anything that only somebody in the cache has written", async () => {
    const site = createSite();
    const router = await start(site, { mode: "report" });
    const { plan } = await router.rebalancer.run("carol", false);
    const forged = JSON.stringify({ revision: 9e15, body: JSON.stringify({ by: "mallory" }), mac: "x" });
    await site.store.set(`rebalancing:approval-${plan.id}`, forged, 60_000);
    await site.clock.advance(MINUTE);
    expect(site.did).toEqual([]);
  });
});

describe("held back", () => {
  it("is a plan while the homes of most users cannot be read", async () => {
    const site = createSite();
    site.unreadableHomes = 2;
    const router = await start(site);
    await tick(router, site);
    const words = "too little is known: the homes of 2 of 2 users cannot be read";
    expect(await router.book.all()).toMatchObject([
      { state: "nothing", plan: { moves: [], nothing: words } },
    ]);
    expect(site.did).toEqual([]);
  });
});

describe("a router that dies", () => {
  it("leaves one move unknown; when it is back it does the rest, and nothing twice", async () => {
    const site = createSite();
    const files = memoryFiles();
    const former = await startRouterOf(site, { name: "a", files });
    await tick(former, site);
    await site.clock.advance(GRACE);
    site.during = neverEnds;
    await tick(former, site);
    expect(site.did).toEqual(["cordon node1", STOPS[0]]);
    site.during = () => Promise.resolve();
    site.store.wipe(); // without Redis, what was in memory is gone with it
    const next = await start(site, { name: "b", files });
    await site.clock.advance(5000);
    expect(site.did).toEqual(["cordon node1", ...STOPS]);
    expect(await outcomesOf(next)).toEqual(["stop-server: unknown", "stop-server: done"]);
    await tick(next, site);
    expect(site.did).toHaveLength(3);
  });

  it("is succeeded by another one, which finishes", async () => {
    const site = createSite();
    await startRouterOf(site, { name: "a" }).then(async (former) => {
      site.during = neverEnds;
      await tick(former, site);
      await former.leadership.stop();
    });
    site.during = () => Promise.resolve();
    const next = await start(site, { name: "b" });
    await site.clock.advance(LEASE_MS + 5000);
    expect(site.did).toEqual(["cordon node1"]);
    expect(await outcomesOf(next)).toEqual([
      "cordon: unknown",
      "stop-server: skipped",
      "stop-server: skipped",
    ]);
  });
});

describe("two routers", () => {
  it("act as one: the other refuses, shows, and takes approvals", async () => {
    const site = createSite();
    const [a, b] = [
      await start(site, { name: "a", mode: "report" }),
      await start(site, { name: "b", mode: "report" }),
    ];
    const atMs = site.clock.now();
    await Promise.all([b.rebalancer.tick(atMs), a.rebalancer.tick(atMs)]);
    await expect(b.rebalancer.run("carol", true)).rejects.toMatchObject({ code: "NOT_LEADER" });
    const [record] = await b.rebalancer.plans();
    expect(await b.rebalancer.plans()).toHaveLength(1);
    await b.rebalancer.approve(record?.plan.id ?? "", "carol");
    expect(site.did).toEqual([]);
    await site.clock.advance(3000);
    expect(site.did).toEqual(["cordon node1"]);
    expect(await b.notices.all()).toHaveLength(2);
  });

  it("hand over between two moves when the lease is lost; nothing is done twice", async () => {
    const site = createSite();
    const a = await start(site, { name: "a" });
    await tick(a, site);
    const b = await start(site, { name: "b" });
    await site.clock.advance(GRACE);
    site.during = async (what) => {
      site.during = () => Promise.resolve();
      if (what !== STOPS[0]) return;
      const { token = 0 } = a.leadership.hold() ?? {};
      await site.store.release("loops", token);
      expect(await site.store.acquire("loops", "b", 3000)).toBeDefined();
    };
    await tick(a, site);
    expect(site.did).toEqual(["cordon node1", STOPS[0]]);
    await site.clock.advance(2 * LEASE_MS);
    expect(site.did).toEqual(["cordon node1", ...STOPS]);
    expect(await outcomesOf(b)).toEqual(["stop-server: done", "stop-server: done"]);
  });

  it("write again what an emptied cache has lost", async () => {
    const site = createSite();
    const a = await start(site, { name: "a", mode: "report" });
    const b = await start(site, { name: "b", mode: "report" });
    await a.rebalancer.run("carol", false);
    await b.notices.keep(serverKey("alice"));
    site.store.wipe();
    await site.store.refill();
    expect(await b.rebalancer.plans()).toHaveLength(1);
    expect(await a.rebalancer.rehearse("carol")).toMatchObject({ moves: { length: 2 } });
  });
});
