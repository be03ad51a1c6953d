import { describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createCluster } from "../../../src/nodes/cluster/cluster.ts";
import { readMaintenance } from "../../../src/nodes/inventory/decide/maintenance-text.ts";
import { createGrowth } from "../../../src/nodes/placement/growth.ts";
import { createReservations } from "../../../src/nodes/placement/reservations.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeHosts } from "../../support/fake-hosts.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { GIB, loadSample, MIB, serverKey } from "../../support/node-views.ts";

const node1 = "node1" as NodeId;

async function setUp(...names: readonly string[]) {
  const clock = createFakeClock(1000);
  const log = createMemoryLog();
  const hosts = createFakeHosts(...names);
  const reservations = createReservations({ clock }, { expireAfterMs: 200_000 });
  const growth = createGrowth({ clock }, { memoryBytes: 2 * GIB, growsForMs: 1_800_000 });
  const cluster = createCluster({ hosts, reservations, growth, clock, log });
  await cluster.start();
  let changes = 0;
  cluster.onChange(() => {
    changes += 1;
  });
  function view(node = node1) {
    return cluster.snapshot().nodes.find(({ spec }) => spec.id === node);
  }
  return { clock, log, hosts, reservations, growth, cluster, view, changes: () => changes };
}

describe("a node", () => {
  it("is unknown until something was heard from it", async () => {
    const { cluster } = await setUp("node1", "node2");
    expect(cluster.snapshot()).toMatchObject({
      takenAtMs: 1000,
      nodes: [
        { spec: { id: "node1" }, state: "unknown", reservations: [], growing: [] },
        { spec: { id: "node2" }, state: "unknown" },
      ],
    });
  });

  it("is up with its first sample, and one change is told however many follow", async () => {
    const { cluster, view, changes } = await setUp("node1");
    const load = loadSample({ takenAtMs: 1000 });
    cluster.events.sampled(node1, load);
    cluster.events.sampled(node1, load);
    expect(view()).toMatchObject({ state: "up", detail: "", lastSeenMs: 1000, load });
    expect(changes()).toBe(1);
  });

  it("is down, with the reason and the time it was last heard from, once it is lost", async () => {
    const { cluster, view, log } = await setUp("node1");
    cluster.events.sampled(node1, loadSample({ takenAtMs: 900 }));
    cluster.events.lost(node1, new Error("no route to host"));
    expect(view()).toMatchObject({ state: "down", detail: "no route to host", lastSeenMs: 900 });
    expect(view()?.load).toBeUndefined();
    expect(log.lines.at(-1)).toMatchObject({
      level: "warn",
      message: "node is down",
      fields: { node: "node1" },
    });
  });

  it("is not logged again while it stays down for the same reason", async () => {
    const { cluster, log, changes } = await setUp("node1");
    for (let i = 0; i < 5; i += 1) cluster.events.lost(node1, new Error("refused"));
    expect([log.lines.length, changes()]).toEqual([1, 1]);
  });

  it("is unknown, not up, when it is connected but told no load yet", async () => {
    const { cluster, view } = await setUp("node1");
    cluster.events.lost(node1, "refused");
    cluster.events.connected(node1);
    expect(view()).toMatchObject({
      state: "unknown",
      lastSeenMs: 1000,
      detail: expect.stringContaining("connected"),
    });
  });

  it("stays up when its connection is told again", async () => {
    const { cluster, view } = await setUp("node1");
    cluster.events.sampled(node1, loadSample({ takenAtMs: 500 }));
    cluster.events.connected(node1);
    expect(view()).toMatchObject({ state: "up", lastSeenMs: 1000 });
  });

  it("shows what is reserved on it", async () => {
    const { reservations, view } = await setUp("node1");
    reservations.hold(serverKey("alice"), node1, { memoryBytes: 512 * MIB });
    expect(view()?.reservations).toEqual([
      { key: serverKey("alice"), node: node1, memoryBytes: 512 * MIB, expiresAtMs: 201_000 },
    ]);
  });

  it("shows how many servers its hub lists beside those that run, as long as the hub says so", async () => {
    const { cluster, view } = await setUp("node1");
    cluster.events.sampled(node1, loadSample({ servers: 20 }));
    expect(view()).not.toHaveProperty("listedServers");
    const lists = [[serverKey("alice")], undefined];
    cluster.heedLists(() => lists[0]);
    expect(view()).toMatchObject({ listedServers: 1, load: { servers: 20 } });
    lists.shift();
    expect(view()).not.toHaveProperty("listedServers");
  });

  it("is closed for the maintenances of the hosts file, one after the other, and open between them", async () => {
    const { cluster, clock, hosts, view } = await setUp("node1");
    const maintenance = readMaintenance("daily 02:00-06:00, lead 1h");
    if (maintenance === undefined) throw new Error("not read");
    hosts.adopt(hosts.all().map((spec) => ({ ...spec, maintenance })));
    cluster.events.sampled(node1, loadSample({ servers: 1 }));
    const seen: (string | undefined)[] = [];
    for (let hour = 0; hour < 27; hour += 1) {
      seen.push(view()?.closure?.words);
      await clock.advance(3_600_000);
    }
    const lead = "draining for maintenance from 02:00 UTC until 06:00 UTC";
    const now = "draining, maintenance until 06:00 UTC";
    const open = Array<undefined>(19).fill(undefined);
    expect(seen).toEqual(
      [undefined, undefined, now, now, now, now, ...open, lead, now].toSpliced(1, 1, lead),
    );
  });

  it("shows what grows on it", async () => {
    const { growth, view } = await setUp("node1");
    growth.begin(serverKey("alice"), node1);
    expect(view()?.growing).toEqual([{ key: serverKey("alice"), memoryBytes: 2 * GIB }]);
  });
});

describe("an edit of the hosts file", () => {
  it("brings and takes nodes, and what came late of a removed one is not kept", async () => {
    const { cluster, hosts, view, changes } = await setUp("node1");
    cluster.events.sampled(node1, loadSample());
    hosts.set("node2");
    cluster.events.sampled(node1, loadSample());
    expect(cluster.snapshot().nodes.map(({ spec }) => spec.id)).toEqual(["node2"]);
    hosts.set("node2", "node1");
    expect(view()?.state).toBe("unknown");
    expect(changes()).toBe(4);
  });

  it("shows a node that has left it as draining, with its health, until it is empty", async () => {
    const { cluster, hosts, view } = await setUp("node1");
    cluster.heedLists(() => []);
    cluster.events.sampled(node1, loadSample());
    hosts.adopt([]);
    expect(view()).toMatchObject({
      state: "up",
      closure: { state: "drained", words: "drained, as it has left the hosts file" },
    });
    hosts.release(node1);
    expect(view()).toBeUndefined();
  });

  it("forgets the health of a node that has another address now, and only that", async () => {
    const { cluster, hosts, view } = await setUp("node1");
    cluster.events.sampled(node1, loadSample());
    hosts.adopt(hosts.all().map((spec) => ({ ...spec, weight: 2 })));
    expect(view()).toMatchObject({ state: "up", spec: { weight: 2 } });
    hosts.set("node1@10.0.0.9");
    expect(view()?.state).toBe("unknown");
  });

  it("is not followed any more after stop", async () => {
    const { cluster, hosts, changes } = await setUp("node1");
    await cluster.stop();
    await cluster.stop();
    hosts.set("node2");
    expect(changes()).toBe(0);
  });
});

describe("the hub of a node", () => {
  it("is shown as it was heard of, and only what changes it is news", async () => {
    const { cluster, view, changes, clock } = await setUp("node1");
    cluster.events.hub(node1, { kind: "starting" });
    await clock.advance(500);
    cluster.events.hub(node1, { kind: "ready", version: "5.5.1" });
    await clock.advance(500);
    cluster.events.hub(node1, { kind: "ready" });
    expect(view()?.hub).toEqual({ state: "ready", detail: "", sinceMs: 1500, version: "5.5.1" });
    expect(changes()).toBe(2);
  });

  it("outlasts samples, and is not known any more once the node is lost", async () => {
    const { cluster, view } = await setUp("node1");
    cluster.events.hub(node1, { kind: "ready" });
    cluster.events.sampled(node1, loadSample());
    cluster.events.connected(node1);
    expect(view()?.hub?.state).toBe("ready");
    cluster.events.lost(node1, "power cut");
    expect(view()).not.toHaveProperty("hub");
  });
});
