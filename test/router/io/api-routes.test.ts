import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import request from "supertest";
import { parse } from "yaml";
import { AppError } from "../../../src/errors.ts";
import { createPagesRig, SESSION } from "../../support/pages-rig.ts";
import { ALICE, NODE2 } from "../../support/fake-world.ts";
import { checkAgainst, type Schema } from "../../support/json-schema.ts";

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

const openapi = parse(readFileSync("docs/openapi.yaml", "utf8")) as OpenApi;

function schemaOf(path: string, status: number, method: "get" | "post" = "get"): Schema {
  const content = openapi.paths[path]?.[method]?.responses[status]?.content;
  const schema = content?.["application/json"]?.schema;
  if (schema === undefined) throw new Error(`docs/openapi.yaml does not tell ${status} of ${path}`);
  return schema;
}

const SIGN_OUT = "/api/v1/users/{user}/signout";
const PATHS = ["/api/v1/nodes", "/api/v1/users/{user}/servers", "/api/v1/explain/{user}"];

describe("the API", () => {
  it.each([...PATHS, "/healthz", "/readyz"])("answers %s as docs/openapi.yaml says", async (path) => {
    const { admin, state } = createPagesRig();
    state.parts = [{ name: "store", isReady: true, detail: "" }];
    state.problems = [{ line: 3, message: "no address", remedy: "add address=" }];
    const answer = await request(admin).get(path.replace("{user}", "alice"));
    expect(answer.status).toBe(200);
    expect(checkAgainst(openapi.components.schemas, schemaOf(path, 200), answer.body)).toEqual([]);
  });

  it("documents every path, and no other", () => {
    const documented = Object.keys(openapi.paths).sort();
    expect(documented).toEqual([...PATHS, SIGN_OUT, "/healthz", "/readyz", "/metrics"].sort());
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

  it("explains without reserving", async () => {
    const { admin, world } = createPagesRig();
    const body: unknown = (await request(admin).get("/api/v1/explain/alice")).body;
    expect(body).toMatchObject({ now: { node: "node1" }, last: null });
    expect(world.placer.reserved.size).toBe(0);
  });

  it.each([...PATHS.map((path) => path.replace("{user}", "alice")), "/metrics", "/admin", "/api/v1/nothing"])(
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
    const { text } = await request(app).get("/admin").set("Accept", "text/html");
    for (const words of [
      "node1",
      "3 of 8",
      "1.00 of 4",
      "6.0 of 8.0 GiB",
      "down, draining: no answer",
      "line 7",
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toContain("<img");
  });
});
