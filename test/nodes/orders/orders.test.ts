import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import { createCluster } from "../../../src/nodes/cluster/cluster.ts";
import { createOrders } from "../../../src/nodes/orders/orders.ts";
import { createReservations } from "../../../src/nodes/placement/reservations.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeHosts } from "../../support/fake-hosts.ts";
import { createFakeNodeAgent } from "../../support/fake-node-agent.ts";
import { createMemoryAudit } from "../../support/memory-audit.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { loadSample, MIB, serverKey } from "../../support/node-views.ts";

const node1 = "node1" as NodeId;
const NOON = Date.parse("2026-11-20T12:00:00Z");
const never = new AbortController().signal;

/** One node, which keeps what it is told, and says so in its samples. */
function setUp() {
  const clock = createFakeClock(NOON);
  const log = createMemoryLog();
  const audit = createMemoryAudit();
  const agent = createFakeNodeAgent();
  const hosts = createFakeHosts("node1");
  const reservations = createReservations({ clock }, { expireAfterMs: 200_000 });
  const cluster = createCluster({ hosts, reservations, growth: { byNode: () => new Map() }, clock, log });
  const orders = createOrders({ agent, cluster, audit, clock });
  agent.on("set-order", ({ input }) => input);
  agent.on("servers", () => ({ servers: [{ user: "alice" }, { user: "bob" }] }));
  cluster.events.sampled(node1, loadSample({ servers: 1 }));
  function view() {
    const [found] = cluster.snapshot().nodes;
    return found;
  }
  return { clock, audit, agent, reservations, cluster, orders, view };
}

describe("an order", () => {
  it("is given to the node, which says what it keeps, and holds at once", async () => {
    const { orders, agent, view } = setUp();
    const wish = { kind: "cordon", by: "alice", end: "18:00", reason: "kernel update" } as const;
    const outcome = await orders.give(node1, wish, false, never);
    const order = { kind: "cordon", by: "alice", atMs: NOON, untilMs: NOON + 6 * 3_600_000 };
    expect(agent.calls.at(-1)).toMatchObject({ verb: "set-order", input: { order } });
    expect(outcome).toMatchObject({ after: { state: "cordoned", order }, servers: 2 });
    expect(view()?.closure?.words).toBe("cordoned by alice until 18:00 UTC: kernel update");
  });

  it("says in the audit log who has asked what", async () => {
    const { orders, audit } = setUp();
    await orders.give(node1, { kind: "drain", by: "alice" }, false, never);
    await orders.give(node1, { kind: "lift", by: "bob" }, false, never);
    expect(audit.acts).toMatchObject([
      { audit: "order", node: "node1", by: "alice", asked: "drain" },
      { audit: "order", node: "node1", by: "bob", asked: "lift" },
    ]);
  });

  it("leaves alone what somebody else has asked meanwhile, where the wish yields", async () => {
    const { orders, agent, view } = setUp();
    agent.on("order", () => ({ order: { kind: "cordon", by: "alice", atMs: NOON } }));
    const wish = { kind: "lift", by: "rebalancing", yields: true } as const;
    await expect(orders.give(node1, wish, false, never)).rejects.toMatchObject({
      code: "ORDER_STANDS",
      message: "node1 is cordoned by alice",
    });
    expect(agent.calls.map(({ verb }) => verb)).not.toContain("set-order");
    expect(view()?.closure?.words).toBe("cordoned by alice");
    agent.on("order", () => ({ order: { kind: "cordon", by: "rebalancing", atMs: NOON } }));
    expect(await orders.give(node1, wish, false, never)).toMatchObject({ after: undefined });
  });

  it("ends by itself when it is a cordon, and by hand when it is a drain", async () => {
    const { orders, view, clock } = setUp();
    await orders.give(node1, { kind: "cordon", by: "alice", end: "2h" }, false, never);
    await clock.advance(2 * 3_600_000 - 1);
    expect(view()?.closure?.state).toBe("cordoned");
    await clock.advance(1);
    expect(view()?.closure).toBeUndefined();
    await orders.give(node1, { kind: "drain", by: "alice", end: "2h" }, false, never);
    await clock.advance(9 * 3_600_000);
    expect(view()?.closure?.words).toContain("was to be empty by 16:00 UTC");
    const outcome = await orders.give(node1, { kind: "lift", by: "alice" }, false, never);
    expect(outcome).toMatchObject({ before: { state: "draining" }, after: undefined });
  });

  it("counts the servers that run there now, not those of the last sample, and does without where it cannot", async () => {
    const { orders, agent } = setUp();
    const wish = { kind: "cordon", by: "alice" } as const;
    expect(await orders.give(node1, wish, false, never)).toMatchObject({ servers: 2 });
    agent.on("servers", () => ({}));
    expect((await orders.give(node1, wish, false, never)).servers).toBeUndefined();
  });

  it("is shown and given to nobody when it is rehearsed", async () => {
    const { orders, agent, view } = setUp();
    const outcome = await orders.give(node1, { kind: "drain", by: "alice" }, true, never);
    expect(outcome).toMatchObject({ after: { state: "draining" }, servers: 2 });
    expect(agent.calls).toMatchObject([{ verb: "servers" }]);
    expect(view()?.closure).toBeUndefined();
  });

  it.each([
    ["a time that is over", { end: "11:00" }, "11:00 UTC is over: it is 12:00 UTC (UTC)"],
    ["this very moment", { end: "12:00" }, "is over"],
    ["what is no time", { end: "soon" }, '"soon" is not a time'],
    ["a reason of two lines", { reason: "a\nb" }, "not one line"],
    ["a reason that moves the cursor", { reason: "a\u001b[2J" }, "not one line"],
    ["nobody", { by: "" }, "not one line"],
  ])("is refused for %s", async (_what, over, message) => {
    const { orders, agent } = setUp();
    const giving = orders.give(node1, { kind: "cordon", by: "alice", ...over }, false, never);
    await expect(giving).rejects.toMatchObject({
      code: "BAD_ORDER",
      message: expect.stringContaining(message),
    });
    expect(agent.calls).toEqual([]);
  });

  it("is refused for a node that is not there, and for one that is down, with what to do", async () => {
    const { orders, cluster, agent } = setUp();
    const wish = { kind: "cordon", by: "alice" } as const;
    const unknown = orders.give("node9" as NodeId, wish, false, never);
    await expect(unknown).rejects.toMatchObject({ code: "NODE_UNKNOWN" });
    cluster.events.lost(node1, new Error("no route to host"));
    for (const isRehearsal of [true, false])
      await expect(orders.give(node1, wish, isRehearsal, never)).rejects.toMatchObject({
        code: "NODE_UNREACHABLE",
        message: expect.stringContaining("no route to host"),
        remedy: expect.stringContaining("ask again"),
      });
    expect(agent.calls).toEqual([]);
  });

  it("changes nothing when the node does not take it, or answers nonsense", async () => {
    const { orders, agent, view } = setUp();
    const wish = { kind: "cordon", by: "alice" } as const;
    agent.on("set-order", () => {
      throw new AppError("DISK_FULL", "no room left");
    });
    await expect(orders.give(node1, wish, false, never)).rejects.toMatchObject({ code: "DISK_FULL" });
    agent.on("set-order", () => ({ order: { kind: "reboot" } }));
    await expect(orders.give(node1, wish, false, never)).rejects.toMatchObject({ code: "AGENT_ANSWER" });
    expect(view()?.closure).toBeUndefined();
  });
});

describe("what the nodes say", () => {
  const order = { kind: "drain", by: "bob", atMs: 1 } as const;

  it("is believed: another router, or this one before, has asked it", () => {
    const { cluster, view } = setUp();
    cluster.events.sampled(node1, loadSample({ servers: 1 }), order);
    expect(view()?.closure).toMatchObject({ state: "draining", order });
    cluster.events.lost(node1, new Error("no route to host"));
    expect(view()).toMatchObject({ state: "down", closure: { state: "draining" } });
    cluster.events.sampled(node1, loadSample());
    expect(view()?.closure).toBeUndefined();
  });

  it("is told to those who follow the cluster, once", () => {
    const { cluster } = setUp();
    let changes = 0;
    cluster.onChange(() => {
      changes += 1;
    });
    for (const sample of [1, 2, 3])
      cluster.events.sampled(node1, loadSample({ servers: sample }), { ...order });
    expect(changes).toBe(1);
  });

  it("makes a node drained when nothing runs, starts or is listed there", () => {
    const { cluster, reservations, view } = setUp();
    const listed = { keys: [serverKey("alice")] as ReturnType<typeof serverKey>[] | undefined };
    cluster.heedLists(() => listed.keys);
    cluster.events.sampled(node1, loadSample({ servers: 0 }), order);
    expect(view()?.closure?.state).toBe("draining");
    listed.keys = undefined;
    expect(view()?.closure?.state).toBe("draining");
    listed.keys = [];
    expect(view()?.closure?.state).toBe("drained");
    reservations.hold(serverKey("alice"), node1, { memoryBytes: 512 * MIB });
    expect(view()?.closure?.state).toBe("draining");
  });
});
