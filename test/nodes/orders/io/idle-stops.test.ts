import { spawn, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { HubServer, NodeId, ServerKey, UserName } from "../../../../src/model.ts";
import { AppError } from "../../../../src/errors.ts";
import { createHubClient, type HubClient } from "../../../../src/nodes/hubs/io/hub-client.ts";
import { createIdleStops } from "../../../../src/nodes/orders/io/idle-stops.ts";
import type { IdleStopOrder, NodeDialer } from "../../../../src/ports.ts";
import { createFakeNodeAgent, type FakeNodeAgent } from "../../../support/fake-node-agent.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { json, startScriptedHub, type ScriptedHub } from "../../../support/scripted-hub.ts";

/** The router's side of "stop if idle" against the extension's own code, and against servers that do not keep to it. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const REMOTE = join(ROOT, "src/nodes/remote");
const NODE = "node1" as NodeId;
const KEY: ServerKey = { user: "a b@lab" as UserName, server: "größer" } as ServerKey;
const PROCESS = { pid: 1234, startTicks: 98_765, bootId: "7f2c6a1e-3b7d-4c1a-9f55-0a1b2c3d4e5f" };
const PATH = "/n/node1/user/a%20b@lab/gr%C3%B6%C3%9Fer/multijhub/stop-if-idle";
const ORDER: IdleStopOrder = { key: KEY, node: NODE, process: PROCESS, idleSinceMs: 0, ignoresTabs: true };
const NEVER = new AbortController().signal;

let gate: ChildProcess | undefined;
let hub: ScriptedHub;
let client: HubClient;
let agent: FakeNodeAgent;
let listed: readonly (readonly HubServer[])[];
let stopped: ServerKey[];

beforeEach(async () => {
  hub = await startScriptedHub();
  agent = createFakeNodeAgent();
  agent.on("servers", () => ({ bootId: PROCESS.bootId, servers: [] }));
  [listed, stopped] = [[[]], []];
});
afterEach(async () => {
  await client.close();
  await hub.close();
  gate?.kill();
  gate = undefined;
});

/** The extension's own code, on a port of its own. */
async function startGate(over: object = {}): Promise<NodeDialer> {
  const told = { token: "token-1", node: NODE, ...KEY, process: PROCESS, ...over };
  const folders = [join(REMOTE, "jupyter_config/multijhub_record"), join(REMOTE, "multijhub_hub")];
  const script = join(ROOT, "test/support/order-gate.py");
  const child = spawn("python3", [script, ...folders, JSON.stringify(told)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  gate = child;
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    dial: async () => {
      const socket = connect(Number(line.toString()), "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  };
}

function ask(dialer: NodeDialer, order: Partial<IdleStopOrder> = {}, tokens = ["token-2", "token-1"]) {
  client = createHubClient(dialer, { proxyPortOf: () => 910, callTimeoutMs: 2000 });
  const clock = createFakeClock(100_000);
  const hubApi = {
    stopServer: (_: NodeId, key: ServerKey) => {
      stopped.push(key);
      return Promise.resolve();
    },
    serversOf: () => {
      const [now = [], ...later] = listed;
      if (later.length > 0) listed = later;
      return Promise.resolve(now);
    },
  };
  const deps = { client, hubApi, agent, clock: { now: () => clock.now(), sleep: () => Promise.resolve() } };
  const stops = createIdleStops(deps, { tokensOf: () => tokens, endTimeoutMs: 1000 });
  return stops.ask({ ...ORDER, ...order }, NEVER);
}

describe("an order to stop", () => {
  it("ends a server that agrees, by its hub, and waits until that knows it is gone", async () => {
    listed = [[{ key: KEY, ready: true, pending: "stop" }], []];
    expect(await ask(await startGate())).toEqual({ kind: "stopped" });
    expect(stopped).toEqual([KEY]);
    expect(agent.calls.map(({ verb }) => verb)).toEqual(["servers"]);
  });

  it("leaves alone a server that is not idle, with its own word for it", async () => {
    const dialer = await startGate({ keptBy: "a kernel is\nbusy" });
    expect(await ask(dialer)).toEqual({ kind: "kept", why: "a kernel is busy" });
    expect(stopped).toEqual([]);
  });

  it("is for one process of one server", async () => {
    const other = { pid: 1235, startTicks: 98_765, bootId: PROCESS.bootId };
    const kept = { kind: "kept", why: "it is another server, or another process of it" };
    expect(await ask(await startGate(), { process: other })).toEqual(kept);
    expect(stopped).toEqual([]);
  });

  it.each([
    ["of another node", { node: "node2" }],
    ["of another user", { user: "bob" }],
    ["of another name", { server: "" }],
    ["that was started under keys which are gone", { token: "token-0" }],
  ])("is not even sent to a server %s", async (_, over) => {
    expect(await ask(await startGate(over))).toMatchObject({ kind: "silent" });
    expect(stopped).toEqual([]);
  });

  it("says for how long the server is to have been idle, a little less than the router thinks", async () => {
    const dialer = await startGate({ keptBy: "asked for {seconds} s" });
    expect(await ask(dialer, { idleSinceMs: 90_000 })).toEqual({ kind: "kept", why: "asked for 9.0 s" });
  });

  it("takes what the process table still shows for a server that runs on", async () => {
    const { pid, startTicks, bootId } = PROCESS;
    agent.on("servers", () => ({ bootId, servers: [{ pid, startTicks }] }));
    const why = "it said that it stops, and its process runs on";
    expect(await ask(await startGate())).toEqual({ kind: "unclear", why });
  });

  it("takes a server that its hub lists to the end for one that runs on", async () => {
    listed = [[{ key: KEY, ready: true }]];
    const why = "it said that it stops, and its hub lists it still, after 1 s";
    expect(await ask(await startGate())).toEqual({ kind: "unclear", why });
  });

  it("may have ended a server of which that cannot be seen, in words that are bounded", async () => {
    agent.on("servers", () => {
      throw new AppError("AGENT_ANSWER", `x\n${"y".repeat(9000)}`);
    });
    const answer = await ask(await startGate());
    expect(answer).toEqual({ kind: "unclear", why: expect.stringMatching(/^x y{397}…$/u) });
  });
});

describe("a server that keeps to nothing", () => {
  const SIGNED = JSON.stringify({ challenge: "1.a", answer: "stopping" });
  const START = "0".repeat(32);

  it.each([
    ["knows no orders", undefined, "it takes no orders: it answers 404"],
    ["sends people to sign in", json(302, {}), "it takes no orders: it answers 302"],
    ["answers without a key", json(200, { start: START, signed: SIGNED, mac: "0".repeat(64) }), ""],
    ["answers with other words", json(200, ["stopping"]), ""],
    ["names a start that is none", json(200, { start: 7, signed: SIGNED, mac: "" }), ""],
  ])("is left alone if it %s", async (_, reply, why) => {
    if (reply !== undefined) hub.on(`GET ${PATH}`, reply);
    expect(await ask(hub.dialer)).toMatchObject({ kind: "silent", why: expect.stringContaining(why) });
    expect(hub.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([`GET ${PATH}`]);
    expect(stopped).toEqual([]);
  });

  it("is left alone if it never answers", async () => {
    hub.on(`GET ${PATH}`, () => undefined);
    expect(await ask(hub.dialer)).toEqual({
      kind: "silent",
      why: "the server on node1 did not answer within 2 s",
    });
    expect(stopped).toEqual([]);
  });

  it("may have stopped if it takes the order and never answers", async () => {
    const token = "token-1";
    const start = "0".repeat(32);
    const words = ["multijhub/order-key/v1", NODE, KEY.user, KEY.server, start].join("\0");
    const key = createHmac("sha256", token).update(words).digest("hex");
    const signed = JSON.stringify({ challenge: "1.a" });
    const mac = createHmac("sha256", key).update(`challenge\0${signed}`).digest("hex");
    hub.on(`GET ${PATH}`, json(200, { start, signed, mac }));
    hub.on(`POST ${PATH}`, () => undefined);
    const why = "the server on node1 did not answer within 2 s";
    expect(await ask(hub.dialer)).toEqual({ kind: "unclear", why });
    expect(stopped).toEqual([]);
  });
});
