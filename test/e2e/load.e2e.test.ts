import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeId, NodeView } from "../../src/model.ts";
import { createCluster, type Cluster } from "../../src/nodes/cluster/cluster.ts";
import { createHosts, type Hosts } from "../../src/nodes/inventory/hosts.ts";
import { createHostsFileWatcher } from "../../src/nodes/inventory/io/hosts-file-watcher.ts";
import { createAgentRunner } from "../../src/nodes/ssh/io/ssh-agent-runner.ts";
import { createSshPool } from "../../src/nodes/ssh/io/ssh-pool.ts";
import { createLoadSampler } from "../../src/nodes/load/load-sampler.ts";
import { createPlacer } from "../../src/nodes/placement/placer.ts";
import { createGrowth } from "../../src/nodes/placement/growth.ts";
import { createReservations } from "../../src/nodes/placement/reservations.ts";
import { startAll } from "../../src/lifecycle.ts";
import type { Placer } from "../../src/ports.ts";
import { createSystemClock, createSystemRandom } from "../../src/system.ts";
import { installNode } from "../support/hub-node.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { MIB, serverKey } from "../support/node-views.ts";
import { waitFor } from "../support/wait-for.ts";

/** Load and placement over real SSH, with real agents, while nodes come, go, stall and lose power. */
let lab: Lab;
let hosts: Hosts;
let cluster: Cluster;
let placer: Placer;
let hostsFile: string;
let stop: (() => Promise<void>) | undefined;

const POLICY = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
};

beforeAll(async () => {
  lab = startLab();
  hostsFile = join(lab.dir, "hosts");
  for (const name of ["node1", "node2", "node3"]) {
    installNode(lab, name);
    lab.run("load", name, "0.20", "8000", "6000");
  }
  stop = await startNodes();
}, 400_000);

afterAll(async () => {
  await stop?.();
  lab?.down();
}, 60_000);

/** Put together as the application does it. */
async function startNodes(): Promise<() => Promise<void>> {
  const { LAB_KEY: keyFile = "", LAB_KNOWN_HOSTS = "" } = lab.settings;
  const clock = createSystemClock();
  const random = createSystemRandom();
  const log = createMemoryLog();
  hosts = createHosts({ file: createHostsFileWatcher(hostsFile, { log }), clock, log });
  const options = { knownHostsFiles: [LAB_KNOWN_HOSTS], keyFile, useAgent: false, keepaliveMs: 1000 };
  const pool = createSshPool({ specOf: hosts.find, clock, random, log }, options);
  const agent = createAgentRunner({ pool, specOf: hosts.find, clock });
  const reservations = createReservations({ clock }, { expireAfterMs: 60_000 });
  const growth = createGrowth({ clock }, { memoryBytes: 2 * 1024 ** 3, growsForMs: 60_000 });
  cluster = createCluster({ hosts, reservations, growth, clock, log });
  const sizes = { expected: () => undefined, recall: () => Promise.resolve() };
  placer = createPlacer({ cluster, reservations, growth, sizes, clock, log }, POLICY);
  const sampler = createLoadSampler(
    { agent, hosts, events: cluster.events, clock, random },
    { everyMs: 500 },
  );
  pool.onState((node, change) => {
    if (change.kind === "down") cluster.events.lost(node, change.cause);
    else {
      cluster.events.connected(node);
      sampler.retryNow(node);
    }
  });
  return startAll([hosts, pool, cluster, sampler]);
}

function viewOf(name: string): NodeView | undefined {
  return cluster.snapshot().nodes.find(({ spec }) => spec.id === name);
}

/** Resolves with the milliseconds it took. */
function until(isSo: () => boolean): Promise<true> {
  return waitFor(isSo.toString(), isSo, { everyMs: 50 });
}

function chosen(user: string): string | undefined {
  const placement = placer.explain(serverKey(user));
  return placement.kind === "placed" ? placement.node : undefined;
}

function isIdle({ load }: NodeView): boolean {
  return load?.load1 === 0.2 && load.memoryAvailableBytes === 6000 * MIB;
}

function sampling(name: string): number {
  return Number(lab.run("sh", name, "pgrep -cf '[m]ultijhub-agent sample' || true").trim());
}

describe("the load of real nodes", () => {
  it("is known after the start, with a clock that agrees", async () => {
    await until(() => ["node1", "node2", "node3"].every((name) => viewOf(name)?.state === "up"));
    expect(viewOf("node2")?.load).toMatchObject({ load1: 0.2, memoryTotalBytes: 8000 * MIB, servers: 0 });
    expect(Math.abs(viewOf("node2")?.load?.clockOffsetMs ?? Infinity)).toBeLessThan(1000);
    expect(sampling("node2")).toBe(1);
  });

  it("decides where the next server goes, seconds after it changes", async () => {
    lab.run("load", "node1", "0.20", "8000", "3000");
    lab.run("load", "node2", "7.50", "8000", "6000");
    await until(() => chosen("alice") === "node3");
    lab.run("load", "node3", "0.20", "8000", "900");
    await until(() => chosen("alice") === "node1");
    const verdicts = placer.explain(serverKey("alice")).verdicts;
    expect(verdicts.find(({ node }) => node === "node3")?.reasons.join()).toMatch(
      /not enough memory: 9\d\d MiB free/,
    );
    for (const name of ["node1", "node2", "node3"]) lab.run("load", name, "0.20", "8000", "6000");
    await until(() => cluster.snapshot().nodes.every(isIdle));
  });

  it("spreads those who come at once", () => {
    const places = ["alice", "bob", "carol"].map((user) => placer.place(serverKey(user)));
    expect(places.map((place) => place.kind === "placed" && place.node).toSorted()).toEqual([
      "node1",
      "node2",
      "node3",
    ]);
    for (const user of ["alice", "bob", "carol"]) placer.release(serverKey(user));
  });

  it("comes back by itself when the agent stalls or dies", async () => {
    lab.run("sh", "node2", "pkill -STOP -f '[m]ultijhub-agent sample'");
    await until(() => viewOf("node2")?.state === "down");
    expect(viewOf("node2")?.detail).toContain("told nothing of its load");
    await until(() => viewOf("node2")?.state === "up");
    lab.run("sh", "node2", "pkill -CONT -f '[m]ultijhub-agent sample'");
    await until(() => sampling("node2") === 1); // what had stalled ends by itself
    lab.run("sh", "node1", "pkill -KILL -f '[m]ultijhub-agent sample'");
    await until(() => viewOf("node1")?.state === "down");
    await until(() => viewOf("node1")?.state === "up");
  });

  it("says of a node without power that it is down, places nobody there, and follows it once it boots", async () => {
    lab.run("crash", "node3");
    await until(() => viewOf("node3")?.state === "down");
    expect(viewOf("node3")?.detail).not.toBe("");
    expect(placer.explain(serverKey("alice")).verdicts.at(-1)).toMatchObject({
      node: "node3",
      accepted: false,
    });
    expect(viewOf("node1")?.state).toBe("up");
    lab.run("start", "node3");
    await until(() => viewOf("node3")?.state === "up");
  });

  it("is followed for the nodes of the hosts file, as somebody edits it", async () => {
    const before = readFileSync(hostsFile, "utf8");
    const without = before
      .split("\n")
      .filter((line) => !line.startsWith("node3"))
      .join("\n");
    writeFileSync(hostsFile, without);
    await until(() => viewOf("node3")?.spec.isLeaving === true);
    const verdicts = placer.explain(serverKey("alice")).verdicts;
    expect(verdicts.find(({ node }) => node === "node3")?.reasons.join()).toContain("left the hosts file");
    hosts.release("node3" as NodeId); // it is empty
    expect(viewOf("node3")).toBeUndefined();
    await until(() => sampling("node3") === 0);
    writeFileSync(hostsFile, "node1 port=x\n");
    await sleep(1000);
    expect(cluster.snapshot().nodes).toHaveLength(2);
    writeFileSync(hostsFile, before);
    await until(() => viewOf("node3")?.state === "up");
  });

  it("is asked for no more after the end", async () => {
    await stop?.();
    stop = undefined;
    await until(() => ["node1", "node2", "node3"].every((name) => sampling(name) === 0));
  });
});
