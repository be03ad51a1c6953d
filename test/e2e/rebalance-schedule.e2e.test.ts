import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type WebSocket from "ws";
import type { CookieBrowser } from "../support/cookie-browser.ts";
import { createJupyterServer } from "../support/jupyter-server.ts";
import { auditOf, planBy, QUICK_REBALANCING, setUse } from "../support/lab-plans.ts";
import { eventually, serverPids } from "../support/lab-recovery.ts";
import { serverTokenOf } from "../support/lab-records.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";

/**
 * Rebalancing by the schedule alone. alice and bob have idle servers on a node that gets hot; elsewhere carol has one
 * that is open in a forgotten tab, and another one, with a name, that is not.
 */
let lab: Lab;
let webhook: Server;
let router: RouterProcess;
let alice: CookieBrowser;
let bob: CookieBrowser;
let tab: WebSocket;
let quiet: string;
const told: Record<string, unknown>[] = [];

const NODES = ["node1", "node2", "node3"];
const NAMED_SERVERS = "c.JupyterHub.allow_named_servers = True";

beforeAll(async () => {
  webhook = createServer((request, response) => {
    void json(request).then((body) => {
      told.push(body as Record<string, unknown>);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(webhook, "listening");
  const { port } = webhook.address() as AddressInfo;
  lab = startLab();
  setUse(lab, { node1: 20, node2: 20, node3: 20 });
  for (const node of NODES) {
    lab.run(
      "sh",
      node,
      `mkdir -p /etc/multijhub/hub.d && echo '${NAMED_SERVERS}' > /etc/multijhub/hub.d/10-site.py`,
    );
  }
  const { rebalance, idle } = QUICK_REBALANCING;
  router = await startRouter(lab, {
    rebalance: {
      ...{ ...rebalance, mode: "act", schedule: "*/3 * * * * *", grace: "10s" },
      ...{ webhook: `http://127.0.0.1:${port}/told`, home_url: "https://lab.example.org/home" },
    },
    idle: { ...idle, cull_after: "10s", ignore_tabs_after: "10s", keep_for: "20s" },
  });
  quiet = await visitTheQuietNode();
  for (const node of ["node2", "node3"]) router.command("cordon", node);
  [alice, bob] = [await signInAt(router.url, "alice"), await signInAt(router.url, "bob")];
  expect(await Promise.all([untilLab(alice), untilLab(bob)])).toEqual(["node1", "node1"]);
  setUse(lab, { node1: 97 });
  for (const node of ["node2", "node3"]) router.command("uncordon", node);
}, 400_000);

afterAll(async () => {
  tab?.terminate();
  await router?.stop();
  lab?.down();
  webhook?.close();
}, 60_000);

/** carol leaves a tab open, and a server with a name. */
async function visitTheQuietNode(): Promise<string> {
  router.command("cordon", "node1");
  const carol = await signInAt(router.url, "carol");
  const node = await untilLab(carol);
  const own = createJupyterServer(`${router.url}/n/${node}/user/carol/`, serverTokenOf(lab, "carol"));
  tab = await own.open("api/events/subscribe");
  await until(carol, "/?server=side", ({ path }) => /^\/n\/node\d\/user\/carol\/side\/lab/.test(path));
  router.command("uncordon", "node1");
  return node;
}

interface Line {
  readonly at: string;
  readonly [field: string]: unknown;
}

/** The first line of the audit log that has these fields. */
function line(fields: Record<string, unknown>): Promise<Line> {
  return eventually(() => {
    const found = auditOf(router).find((each) =>
      Object.entries(fields).every(([name, value]) => each[name] === value),
    );
    expect(found).toMatchObject(fields);
    return found as unknown as Line;
  });
}

function stopOf(user: string, server = ""): Promise<Line> {
  return line({ audit: "move", kind: "stop-server", user, server, result: "done" });
}

it("tells an owner on /home, who keeps the server by the button", async () => {
  const page = await until(bob, "/home", ({ body }) => body.includes("It is idle and will be stopped"));
  await pressButton(bob, page, "/home/keep");
  const { until: end } = await line({ audit: "keep", by: "bob", user: "bob", server: "", node: "node1" });
  expect(Date.parse(String(end))).toBeGreaterThan(Date.now());
  expect((await bob.go("/home")).body).not.toContain("It is idle and will be stopped");
  await eventually(() => {
    const why = expect.stringMatching(/^kept by its owner for another \d+ s$/);
    expect(planBy(router, "rebalance", "--dry-run").leftAlone).toContainEqual(
      expect.objectContaining({ user: "bob", node: "node1", why }),
    );
  }, 10);
});

it("stops the server of an owner who was told and does not care, after their time", async () => {
  const { notBefore } = await line({ audit: "notice", by: "rebalancing", user: "alice", node: "node1" });
  const stop = await stopOf("alice");
  expect(stop).toMatchObject({ by: "schedule", node: "node1", why: "hot-node" });
  expect(Date.parse(stop.at)).toBeGreaterThanOrEqual(Date.parse(String(notBefore)));
  expect(serverPids(lab, "node1", "alice")).toEqual([]);
  expect(told.find(({ user }) => user === "alice")).toEqual({
    ...{ user: "alice", server: "", node: "node1", notBefore },
    why: expect.stringContaining("node1 is hot: memory 9"),
    keepUrl: "https://lab.example.org/home",
  });
  expect(await untilLab(alice)).not.toBe("node1");
});

it("culls what was forgotten, also in a tab that was never closed, and by its name", async () => {
  const place = { by: "schedule", node: quiet, why: "idle-too-long" };
  expect(await stopOf("carol")).toMatchObject(place);
  expect(await stopOf("carol", "side")).toMatchObject({ ...place, node: expect.any(String) });
  expect(told.find(({ user, server }) => user === "carol" && server === "")).toMatchObject({
    why: expect.stringContaining("not counting open tabs"),
  });
  expect(serverPids(lab, quiet, "carol")).toEqual([]);
});

it("stops what was kept once that time is over, and not before", async () => {
  const { until: end } = await line({ audit: "keep", by: "bob" });
  const { at } = await stopOf("bob");
  expect(Date.parse(at)).toBeGreaterThan(Date.parse(String(end)));
  const notices = auditOf(router).filter(({ audit, user }) => audit === "notice" && user === "bob");
  expect(Date.parse(String(notices.at(-1)?.["at"]))).toBeGreaterThan(Date.parse(String(end)));
});
