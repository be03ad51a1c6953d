import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import { createMemoryStore } from "../../src/discovery/io/memory-store.ts";
import { createLastSeen } from "../../src/discovery/last-seen.ts";
import { createLocator, NO_HOMES } from "../../src/discovery/locate.ts";
import { createSurvey } from "../../src/discovery/survey.ts";
import { startAll } from "../../src/lifecycle.ts";
import type { Location } from "../../src/sighting.ts";
import type { NodeId, ServerKey } from "../../src/model.ts";
import { createAccounts } from "../../src/nodes/ssh/accounts.ts";
import type { HubSettings } from "../../src/nodes/hubs/decide/hub-settings.ts";
import { createHosts } from "../../src/nodes/inventory/hosts.ts";
import { createHubGate } from "../../src/nodes/hubs/hub-gate.ts";
import { createHubKeeper } from "../../src/nodes/hubs/hub-keeper.ts";
import { createHostsFileWatcher } from "../../src/nodes/inventory/io/hosts-file-watcher.ts";
import { createHubApi } from "../../src/nodes/hubs/io/hub-api.ts";
import { createHubClient } from "../../src/nodes/hubs/io/hub-client.ts";
import { createNodeDialer } from "../../src/nodes/ssh/io/node-dialer.ts";
import { createAgentRunner } from "../../src/nodes/ssh/io/ssh-agent-runner.ts";
import { createSshPool } from "../../src/nodes/ssh/io/ssh-pool.ts";
import type { Locator } from "../../src/ports.ts";
import { createSystemClock, createSystemRandom } from "../../src/system.ts";
import { installNode, signTicket, type HubNode } from "../support/hub-node.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { waitFor } from "../support/wait-for.ts";

/** Hubs as the router keeps, asks and surveys them: real JupyterHub on real nodes, over the router's own SSH. */
const [N1, N2] = ["node1", "node2"] as [NodeId, NodeId];
const ALICE = { user: "alice", server: "" } as ServerKey;
const START = { use: "introduce", start: { server: "" } };
const BOB = { user: "bob", server: "" } as ServerKey;

let lab: Lab;
let nodes: Map<NodeId, HubNode>;
let router: Awaited<ReturnType<typeof startRouter>>;

beforeAll(async () => {
  lab = startLab();
  nodes = new Map([N1, N2].map((id) => [id, installNode(lab, id)]));
  // The third node is there, and not a node of this router.
  lab.run("crash", "node3");
  router = await startRouter();
}, 400_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

function nodeOf(id: NodeId): HubNode {
  const node = nodes.get(id);
  if (node === undefined) throw new Error(`no ${id}`);
  return node;
}

/** Put together as the application does it. */
async function startRouter() {
  const { LAB_KEY: keyFile = "", LAB_KNOWN_HOSTS = "" } = lab.settings;
  const clock = createSystemClock();
  const random = createSystemRandom();
  const log = createMemoryLog();
  const hosts = createHosts({ file: createHostsFileWatcher(join(lab.dir, "hosts"), { log }), clock, log });
  const specOf = hosts.find;
  const ssh = { knownHostsFiles: [LAB_KNOWN_HOSTS], keyFile, useAgent: false, keepaliveMs: 1000 };
  const pool = createSshPool({ specOf, clock, random, log }, ssh);
  const agent = createAgentRunner({ pool, specOf, clock });
  const client = createHubClient(createNodeDialer({ pool, specOf, clock }), { proxyPortOf: () => 910 });
  function settingsOf(id: NodeId): HubSettings {
    return nodeOf(id).settings as unknown as HubSettings;
  }
  const api = createHubApi(client, { tokenOf: (id) => settingsOf(id).serviceToken });
  const keeper = createHubKeeper(
    { agent, health: api, settingsOf, events: { hub: () => undefined }, gate: createHubGate(), clock, log },
    { trustMs: 10_000, pollMs: 200, graceMs: 15_000, lookMs: 5000 },
  );
  pool.onState((id) => {
    keeper.suspect(id);
  });
  const lastSeen = createLastSeen({ store: createMemoryStore(clock), clock, log }, { keepMs: 86_400_000 });
  const survey = createSurvey(
    { hubApi: api, watch: keeper, agent, nodes: () => [N1, N2], onRound: lastSeen.record, clock, log },
    { everyMs: 1000, nodeMs: 5000, fanOut: 16 },
  );
  const accounts = createAccounts({ agent, clock });
  const locator: Locator = createLocator(
    { survey, lastSeen, accounts, assigned: () => Promise.resolve(undefined), homes: NO_HOMES, clock },
    { freshMs: 500, homeFreshMs: 500, staleMs: 10_000, lookMs: 5000 },
  );
  const stopServices = await startAll([hosts, pool, survey]);
  async function stop(): Promise<void> {
    await keeper.stop();
    await client.close();
    await stopServices();
  }
  return { api, keeper, locator, log, stop };
}

const LIMIT = AbortSignal.timeout(590_000);

function ensure(id: NodeId, texts: string[] = []): Promise<void> {
  return router.keeper.ensureReady(id, (text) => texts.push(text), LIMIT);
}

async function pidOf(id: NodeId): Promise<number> {
  return Number((await nodeOf(id).agent("status")).result["pid"]);
}

async function serverPids(id: NodeId): Promise<number[]> {
  const { result } = await nodeOf(id).agent("servers");
  return (result["servers"] as { pid: number }[]).map(({ pid }) => pid);
}

/** Locates until the answer is as wanted. */
async function located(key: ServerKey, isSo: (location: Location) => boolean): Promise<Location> {
  return waitFor(`the server of ${key.user}: ${isSo.toString()}`, async () => {
    const location = await router.locator.locate(key, LIMIT);
    return isSo(location) && location;
  });
}

function isReady(location: Location): boolean {
  return location.kind === "found" && location.sighting.ready;
}

describe("a cold node", () => {
  it("has its hub started once for ten who come at once", async () => {
    expect(await router.locator.locate(ALICE, LIMIT)).toEqual({ kind: "none" });
    const texts: string[] = [];
    await Promise.all(Array.from({ length: 10 }, () => ensure(N1, texts)));
    expect(texts).toContain("starting JupyterHub on node1");
    expect(router.log.lines.filter(({ message }) => message === "hub ready")).toHaveLength(1);
    const pid = await pidOf(N1);
    await ensure(N1);
    expect(await pidOf(N1)).toBe(pid);
  });

  it("starts alice's server there, and says so while it does", async () => {
    const texts: string[] = [];
    await expect(router.api.startServer(N1, ALICE, LIMIT)).rejects.toMatchObject({ code: "USER_REFUSED" });
    await router.api.introduce(N1, signTicket(nodeOf(N1), START), LIMIT);
    expect(await router.api.serversOf(N1, ALICE.user, LIMIT)).toEqual([]);
    await router.api.startServer(N1, ALICE, LIMIT);
    await router.api.startServer(N1, ALICE, LIMIT);
    expect(await router.api.serversOf(N1, ALICE.user, LIMIT)).toMatchObject([{ key: ALICE }]);
    await router.api.followStart(N1, ALICE, (text) => texts.push(text), LIMIT);
    expect(texts.length).toBeGreaterThan(0);
    expect(await router.api.listServers(N1, LIMIT)).toMatchObject([{ key: ALICE, ready: true }]);
    expect(await located(ALICE, isReady)).toMatchObject({
      sighting: { node: N1, evidence: "hub-list" },
    });
    expect(await router.locator.locate(BOB, LIMIT)).toEqual({ kind: "none" });
  });

  it("lets in nobody whom the node does not know", async () => {
    const ticket = signTicket(nodeOf(N1), { use: "introduce", sub: "mallory" });
    await expect(router.api.introduce(N1, ticket, LIMIT)).rejects.toMatchObject({ code: "USER_REFUSED" });
  });
});

describe("a hub that is killed", () => {
  it("is away while alice's server is still known, and comes back with the same server", async () => {
    const before = await serverPids(N1);
    nodeOf(N1).shell(`kill -9 ${await pidOf(N1)}`);
    const location = await located(ALICE, (where) => where.kind === "found" && !where.sighting.ready);
    expect(location).toMatchObject({ sighting: { node: N1, evidence: "process-list" } });
    await ensure(N1);
    expect(await located(ALICE, isReady)).toMatchObject({
      sighting: { node: N1, evidence: "hub-list" },
    });
    expect(await serverPids(N1)).toEqual(before);
  });
});

describe("bob on the hub's ports", () => {
  function squat(port: number): string {
    const code = `import socket,time; s=socket.create_server(("127.0.0.1",${port})); time.sleep(600)`;
    const bob = "setpriv --reuid bob --regid bob --clear-groups";
    const command = `sysctl -qw net.ipv4.ip_unprivileged_port_start=0; ${bob} python3 -c '${code}' >/dev/null 2>&1 & echo $!; sleep 0.5`;
    return nodeOf(N2).shell(command).trim();
  }

  it.each([910, 911, 912])("is an incident before the start (port %d)", async (port) => {
    const pid = squat(port);
    router.keeper.suspect(N2);
    await expect(ensure(N2)).rejects.toMatchObject({
      code: "LISTENER_NOT_HUB",
      message: expect.stringContaining(`port ${port} (127.0.0.1) belongs to bob, uid 2002, pid ${pid}`),
    });
    nodeOf(N2).shell(`kill ${pid}`);
  });

  function incidents(): number {
    return router.log.lines.filter(({ level }) => level === "error").length;
  }

  it("is an incident after a crash, for the survey and for who comes", async () => {
    await ensure(N2);
    const pid = await pidOf(N2);
    nodeOf(N2).shell(`kill -9 ${pid}; while test -d /proc/${pid}; do sleep 0.05; done`);
    const before = incidents();
    const squatter = squat(911);
    const location = await located(ALICE, () => incidents() > before);
    expect(location).toMatchObject({ kind: "found", sighting: { node: N1 } });
    await expect(ensure(N2)).rejects.toMatchObject({ code: "LISTENER_NOT_HUB" });
    nodeOf(N2).shell(`kill ${squatter}`);
    await ensure(N2);
  });
});

describe("a power cut", () => {
  it("holds up who was there, by name, and nobody else", async () => {
    lab.run("crash", "node1");
    const location = await located(ALICE, (where) => where.kind === "unknown");
    expect(location).toMatchObject({ silent: [{ node: N1, lastSeenMs: expect.any(Number) }] });
    expect(await router.locator.locate(BOB, LIMIT)).toEqual({ kind: "none" });
    lab.run("start", "node1");
    expect(await located(ALICE, (where) => where.kind !== "unknown")).toEqual({ kind: "none" });
    await ensure(N1);
    expect(await router.api.listServers(N1, LIMIT)).toEqual([]);
  });
});

describe("a stop", () => {
  it("is waited for by the next start", async () => {
    for (let round = 0; round < 2; round += 1) {
      await router.api.introduce(N1, signTicket(nodeOf(N1), START), LIMIT);
      await router.api.startServer(N1, ALICE, LIMIT);
      await router.api.followStart(N1, ALICE, () => undefined, LIMIT);
      await router.api.stopServer(N1, ALICE, LIMIT);
    }
    await located(ALICE, (where) => where.kind === "none");
    await router.api.stopServer(N1, ALICE, LIMIT);
  });
});

it("has not logged a token", () => {
  const text = JSON.stringify(router.log.lines);
  for (const node of nodes.values()) expect(text).not.toContain(node.settings["serviceToken"]);
});
