import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import request from "supertest";
import { parse } from "yaml";
import { AppError } from "../../../../src/errors.ts";
import { readyParts } from "../../../../src/router/admin/decide/readiness.ts";
import type { NodesAnswer } from "../../../../src/router/admin/decide/api-views.ts";
import { PLAN_ID } from "../../../support/fake-rebalancing.ts";
import { createPagesRig, METRICS_TOKEN, SESSION } from "../../../support/pages-rig.ts";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";
import { aClaim, aHome, aRecord } from "../../../support/homes.ts";
import { checkAgainst, type Schema } from "../../../support/json-schema.ts";

interface OpenApi {
  readonly paths: Record<
    string,
    Partial<Record<"get" | "post", { responses: Record<string, OpenApiResponse> }>>
  >;
  readonly components: { readonly schemas: Record<string, Schema> };
}
interface OpenApiResponse {
  readonly content?: Record<string, { readonly schema: Schema }>;
}

const HOMES = { read: 1, unreadable: 0, serversWithoutRecord: 0 };

const openapi = parse(readFileSync("docs/openapi.yaml", "utf8")) as OpenApi;

function schemaOf(path: string, status: number, method: "get" | "post" = "get"): Schema {
  const content = openapi.paths[path]?.[method]?.responses[status]?.content;
  const schema = content?.["application/json"]?.schema;
  if (schema === undefined) throw new Error(`docs/openapi.yaml does not tell ${status} of ${path}`);
  return schema;
}

const SIGN_OUT = "/api/v1/users/{user}/signout";
const ORDER = "/api/v1/nodes/{node}/order";
const PATHS = [
  "/api/v1/nodes/{node}/history",
  "/api/v1/nodes",
  "/api/v1/nodes/{node}",
  "/api/v1/users/{user}/servers",
  "/api/v1/explain/{user}",
  "/api/v1/plans",
  "/api/v1/plans/{plan}",
];
const REBALANCE = "/api/v1/rebalance";
const APPROVE = "/api/v1/plans/{plan}/approve";

function addressOf(path: string): string {
  return path.replace("{user}", "alice").replace("{node}", "node1").replace("{plan}", PLAN_ID);
}

describe("the API", () => {
  it.each([...PATHS, "/healthz", "/readyz"])("answers %s as docs/openapi.yaml says", async (path) => {
    const { admin, state } = createPagesRig();
    state.parts = [{ name: "store", isReady: true, detail: "" }];
    state.problems = [{ line: 3, message: "no address", remedy: "add address=" }];
    const answer = await request(admin).get(addressOf(path));
    expect(answer.status).toBe(200);
    expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200), answer.body)).toEqual([]);
  });

  it("documents every path, and no other", () => {
    const documented = Object.keys(openapi.paths).sort();
    expect(documented).toEqual(
      [...PATHS, SIGN_OUT, ORDER, REBALANCE, APPROVE, "/healthz", "/readyz", "/metrics"].sort(),
    );
  });

  it("signs a user out on the admin socket, and nowhere else", async () => {
    const { admin, app, state } = createPagesRig();
    const path = SIGN_OUT.replace("{user}", "alice");
    const { body } = (await request(admin).post(path)) as { body: unknown };
    expect(body).toMatchObject({ user: "alice", ended: ["node1"] });
    expect(checkAgainst(openapi.components.schemas, schemaOf(SIGN_OUT, 200, "post"), body)).toEqual([]);
    state.session = { ...SESSION, isAdmin: true };
    expect((await request(app).post(path)).status).toBe(404);
  });

  it.each([
    { kind: "cordon", by: "alice", end: "2h" },
    { kind: "lift", by: "alice" },
  ])("gives an order as documented: %j", async (wish) => {
    const { admin } = createPagesRig();
    const answer = await request(admin).post(ORDER.replace("{node}", "node1")).send(wish);
    expect(checkAgainst(openapi.components.schemas, schemaOf(ORDER, 200, "post"), answer.body)).toEqual([]);
  });

  it.each([
    [REBALANCE, { by: "alice", dryRun: true }],
    [REBALANCE, { by: "alice", act: true }],
    [APPROVE, { by: "alice" }],
  ])("rebalances as documented: %s %j", async (path, wish) => {
    const { admin } = createPagesRig();
    const answer = await request(admin).post(path.replace("{plan}", PLAN_ID)).send(wish);
    expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200, "post"), answer.body)).toEqual([]);
  });

  it.each(["none", "found", "unknown"] as const)("says where a server is: %s", async (kind) => {
    const { admin, world, clock, entry } = createPagesRig();
    if (kind === "found") {
      entry.open({ user: ALICE.user, groups: [] }, ALICE);
      await clock.advance(5000);
    }
    if (kind === "unknown") world.location = { kind, silent: [{ node: NODE2, reason: "no answer" }] };
    for (const path of ["/api/v1/users/{user}/servers", "/api/v1/explain/{user}"]) {
      const body: unknown = (await request(admin).get(path.replace("{user}", "alice"))).body;
      expect(body).toMatchObject({ kind, user: "alice" });
      expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200), body)).toEqual([]);
    }
  });

  it("tells evidence, record and home with their ages, as documented", async () => {
    const { admin, world, readings, own, clock } = createPagesRig();
    own.push({ pid: 99, node: NODE2 }, { pid: 100 });
    const record = aRecord({ unchangedSinceMs: clock.now() - 200_000 });
    readings.set(
      ALICE.user,
      aHome({ atMs: clock.now() - 1000, records: [record], claims: [aClaim()], foreign: [99] }),
    );
    const sighting = {
      key: ALICE,
      node: NODE1,
      evidence: "hub-list",
      ready: true,
      seenAtMs: clock.now(),
    } as const;
    world.location = { kind: "found", sighting: { ...sighting, record }, others: [] };
    const path = "/api/v1/users/{user}/servers";
    const body: unknown = (await request(admin).get(path.replace("{user}", "alice"))).body;
    expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200), body)).toEqual([]);
    expect(body).toMatchObject({
      servers: [{ evidence: "hub-list", ageMs: 0, pid: 1234, record: { stale: true, kernels: { busy: 1 } } }],
      home: {
        state: "read",
        ageMs: 1000,
        trouble: "",
        claims: [{ node: "node1" }],
        foreign: [
          { pid: 99, node: "node2" },
          { pid: 100, node: null },
        ],
      },
    });
  });

  it("says when a running server has left no record, or the home cannot be read", async () => {
    const { admin, world, readings, state, clock } = createPagesRig();
    world.servers.set("alice/", NODE2);
    readings.set(ALICE.user, aHome({ atMs: clock.now() }));
    const path = "/api/v1/users/alice/servers";
    expect((await request(admin).get(path)).body).toMatchObject({
      home: { state: "read", trouble: expect.stringContaining("left no record in alice's home") },
    });
    readings.set(ALICE.user, { kind: "unreadable", atMs: clock.now(), reason: "it hangs" });
    expect((await request(admin).get(path)).body).toMatchObject({
      home: { state: "unreadable", trouble: expect.stringContaining("it hangs") },
    });
    state.homes = { read: 0, unreadable: 1, serversWithoutRecord: 3 };
    expect((await request(admin).get("/api/v1/nodes")).body).toMatchObject({
      homes: { read: 0, unreadable: 1 },
    });
    const { text } = await request(admin).get("/metrics");
    expect(text).toContain('multijhub_homes{state="unreadable"} 1');
    expect(text).toContain("multijhub_servers_without_record 3");
    expect(text).not.toContain("alice");
  });

  it("explains without reserving", async () => {
    const { admin, world } = createPagesRig();
    const body: unknown = (await request(admin).get("/api/v1/explain/alice")).body;
    expect(body).toMatchObject({ now: { node: "node1" }, last: null });
    expect(world.placer.reserved.size).toBe(0);
  });

  it.each([...PATHS.map(addressOf), "/metrics", "/admin", "/api/v1/nothing"])(
    "keeps %s for admins",
    async (path) => {
      const { app, state } = createPagesRig();
      expect((await request(app).get(path)).status).toBe(403);
      state.session = undefined;
      expect((await request(app).get(path)).status).toBe(401);
      state.session = { ...SESSION, isAdmin: true };
      expect((await request(app).get(path)).status).toBe(path.endsWith("nothing") ? 404 : 200);
    },
  );

  it.each(["a%2fb", "..%2f..", "%00", "%20", "%ff"])("refuses the user %s", async (user) => {
    const { admin } = createPagesRig();
    const answer = await request(admin).get(`/api/v1/users/${user}/servers`);
    expect(answer.status).toBe(400);
    expect(answer.body).toHaveProperty("error.message");
  });

  it("answers a failure with its code and remedy", async () => {
    const { admin, world } = createPagesRig();
    world.locator.locateAll = () =>
      Promise.reject(new AppError("HUB_UNREACHABLE", "node2 does not answer", { remedy: "wait" }));
    const answer = await request(admin).get("/api/v1/users/alice/servers");
    expect(answer.status).toBe(503);
    expect(answer.body).toEqual({
      error: { code: "HUB_UNREACHABLE", message: "node2 does not answer", remedy: "wait" },
    });
  });

  it("does not tell what it did not expect", async () => {
    const { admin, world, log } = createPagesRig();
    world.locator.locateAll = () => Promise.reject(new TypeError("secret is undefined"));
    const answer = await request(admin).get("/api/v1/users/alice/servers");
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("secret");
    expect(log.lines.at(-1)?.level).toBe("error");
  });
});

describe("health", () => {
  it("says which part is not ready, and why only to admins", async () => {
    const { app, admin, state } = createPagesRig();
    state.parts = [
      { name: "store", isReady: true, detail: "" },
      { name: "lobby", isReady: false, detail: "node1 is down" },
    ];
    const open = await request(app).get("/readyz");
    expect(open.status).toBe(503);
    expect(open.body).toEqual({
      status: "not ready",
      parts: [
        { name: "store", ready: true },
        { name: "lobby", ready: false },
      ],
    });
    expect((await request(admin).get("/readyz")).text).toContain("node1 is down");
    expect((await request(app).get("/healthz")).status).toBe(200);
  });
});

describe("what a node suffers from", () => {
  const refused = { code: "refused", words: "connection refused", remedy: "start <sshd>" } as const;
  const clock = { code: "clock-off", words: "its clock is 7 min behind", remedy: "set it" } as const;

  function suffering() {
    const rig = createPagesRig();
    const [up, down] = rig.state.snapshot.nodes.map((view) => ({ ...view, detail: "" }));
    if (up === undefined || down === undefined) throw new Error("the rig has two nodes");
    const hub = { state: "ready", detail: "", sinceMs: 0, version: "5.5.4" } as const;
    const damping = { words: "went down 3 times in 2 min", downs: 3, untilMs: 60_000 };
    const nodes = [
      { ...up, state: "up" as const, hub, damping, troubles: [clock] },
      { ...down, state: "down" as const, detail: refused.words, troubles: [refused, clock] },
    ];
    rig.state.snapshot = { ...rig.state.snapshot, nodes };
    return rig;
  }

  it("is told with code and remedy, and as a warning where the node works", async () => {
    const { admin } = suffering();
    const { body } = (await request(admin).get("/api/v1/nodes")) as { body: NodesAnswer };
    const words = "its clock is 7 min behind: set it";
    expect(body.nodes).toMatchObject([
      {
        troubles: [clock],
        warnings: [words],
        dampedUntil: "1970-01-01T00:01:00.000Z",
        hub: { state: "ready", version: "5.5.4" },
      },
      { troubles: [refused, clock], warnings: [words], dampedUntil: null, hub: null },
    ]);
  });

  it("is shown on the page, escaped, with the hub's state and version", async () => {
    const { admin } = suffering();
    const { text } = await request(admin).get("/admin").set("Accept", "text/html");
    expect(text).toContain("ready, 5.5.4");
    expect(text).toContain("down: connection refused");
    expect(text).toContain("start &#60;sshd&#62;");
  });

  it("is a metric by cause", async () => {
    const { admin } = suffering();
    const { text } = await request(admin).get("/metrics");
    expect(text).toContain('multijhub_node_trouble{node="node2",cause="refused"} 1');
    expect(text).toContain('multijhub_node_trouble{node="node1",cause="clock-off"} 1');
    expect(text).toContain('multijhub_node_hub{node="node1",state="ready"} 1');
  });
});

describe("the load of the last hours", () => {
  const path = "/api/v1/nodes/{node}/history";

  it("is told of each node, as documented", async () => {
    const { admin } = createPagesRig();
    const body: unknown = (await request(admin).get("/api/v1/nodes/node1/history")).body;
    expect(body).toMatchObject({ node: "node1", points: [{ memory: 0.25, load: 0.5 }, { servers: 2 }] });
    expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200), body)).toEqual([]);
    expect((await request(admin).get("/api/v1/nodes/node2/history")).body).toMatchObject({ points: [] });
    expect((await request(admin).get("/api/v1/nodes/node9/history")).status).toBe(404);
  });

  it("is drawn on the page, for those that have told", async () => {
    const { admin } = createPagesRig();
    const { text } = await request(admin).get("/admin").set("Accept", "text/html");
    expect(text.match(/<svg/g)).toHaveLength(2);
    expect(text).toContain("load per core in the last six hours: 50 % to 150 %");
    expect(text).toContain("memory in use in the last six hours: 25 % to 50 %");
  });
});

describe("readiness without the cache", () => {
  it.each([
    [true, true, 200, "ready"],
    [true, false, 200, "degraded"],
    [false, true, 503, "not ready"],
    [false, false, 503, "not ready"],
  ])("lobby %s, cache %s: %s %s", async (hasLobby, isCacheUp, code, status) => {
    const { app, state } = createPagesRig();
    const lobbies = [{ node: NODE1, isReady: hasLobby }];
    const upNodes = state.snapshot.nodes.map((node) => ({ ...node, state: "up" as const }));
    state.parts = [...readyParts({ ...state.snapshot, nodes: upNodes }, lobbies, isCacheUp, HOMES)];
    const answer = await request(app).get("/readyz");
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ status });
    expect(answer.text).toContain(`{"name":"cache","ready":${isCacheUp}}`);
  });
});

describe("metrics", () => {
  it("tells nodes and journeys, and never a user", async () => {
    const { admin, entry, clock, world, metrics } = createPagesRig();
    metrics.meter.ended({ kind: "failed", code: "DISK_FULL", message: "", remedy: "" }, 1500);
    entry.open({ user: ALICE.user, groups: [] }, ALICE);
    await clock.advance(5000);
    world.servers.clear();
    const { text } = await request(admin).get("/metrics");
    expect(text).toContain('multijhub_node_up{node="node1"} 1');
    expect(text).toContain('multijhub_node_up{node="node2"} 0');
    expect(text).toContain('multijhub_journeys_total{outcome="failed",code="DISK_FULL"} 1');
    expect(text).not.toContain("alice");
  });

  it.each([
    [`Bearer ${METRICS_TOKEN}`, "/metrics", 200],
    [`Bearer ${METRICS_TOKEN}x`, "/metrics", 401],
    [`Basic ${METRICS_TOKEN}`, "/metrics", 401],
    ["Bearer ", "/metrics", 401],
    [`Bearer ${METRICS_TOKEN}`, "/api/v1/nodes", 401],
    [`Bearer ${METRICS_TOKEN}`, "/admin", 401],
  ])(
    "are shown to a scraper by its token, and nothing else is: %s %s",
    async (authorization, path, status) => {
      const { app, state } = createPagesRig();
      state.session = undefined;
      const answer = await request(app).get(path).set("Authorization", authorization);
      expect(answer.status).toBe(status);
    },
  );

  it("forgets a node that is no longer there", async () => {
    const { admin, state } = createPagesRig();
    await request(admin).get("/metrics");
    state.snapshot = { ...state.snapshot, nodes: state.snapshot.nodes.slice(0, 1) };
    expect((await request(admin).get("/metrics")).text).not.toContain("node2");
  });
});

describe("the admin page", () => {
  it("shows nodes, load and the hosts file's problems, escaped", async () => {
    const { app, state } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    state.problems = [{ line: 7, message: "<img src=x>", remedy: "remove it" }];
    state.warnings = ["JupyterHub 5.2 <img>"];
    const { text } = await request(app).get("/admin").set("Accept", "text/html");
    for (const words of [
      "node1",
      "3 of 8",
      "1.00 of 4",
      "6.0 of 8.0 GiB",
      "down: no answer",
      "draining, as it has left the hosts file",
      "line 7",
      "JupyterHub 5.2 &#60;img&#62;",
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain("<img");
  });
});
