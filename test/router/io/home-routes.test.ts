import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import { AppError } from "../../../src/errors.ts";
import { NODE2 } from "../../support/fake-world.ts";
import { createPagesRig, postForm } from "../../support/pages-rig.ts";

describe("/home", () => {
  it("says where the server is, since when, and opens it", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    world.hubApi.serversOf = () =>
      Promise.resolve([
        {
          key: { user: "alice", server: "" } as never,
          ready: true,
          startedAt: new Date(400_000).toISOString(),
        },
      ]);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toMatch(/<strong>node2<\/strong>:\s+ready, for 10 min/);
    expect(text).toContain("/login?node=node2");
  });

  it("starts nothing by being looked at", async () => {
    const { app, world } = createPagesRig();
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("You have no running server.");
    expect(world.did).toEqual(["locate"]);
  });

  it("does without the hub's details", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    world.hubApi.serversOf = () => Promise.reject(new AppError("HUB_UNREACHABLE", "no answer"));
    const answer = await request(app).get("/home").set("Accept", "text/html");
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/<strong>node2<\/strong>:\s+ready/);
  });

  it("believes the hub more than what was seen before", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    world.hubApi.serversOf = () => Promise.resolve([]);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("You have no running server.");
  });

  it("names a node that it cannot look at", async () => {
    const { app, world } = createPagesRig();
    world.location = { kind: "unknown", silent: [{ node: NODE2, reason: "<i>silent</i>" }] };
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("cannot look on <strong>node2</strong>");
    expect(text).not.toContain("<i>");
  });

  it("stops the visitor's own server, asked twice, and forgets where it was", async () => {
    const { app, world, clock } = createPagesRig();
    await request(app).get("/").set("Accept", "text/html");
    await clock.advance(5000);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("Stop it…");
    expect(text).toContain("Why node1?");
    const answer = await postForm(app, "/home/stop?node=node1");
    expect(answer.status).toBe(303);
    expect(world.did).toContain("stop node1 alice/");
    world.next = { kind: "placed", node: NODE2 };
    await request(app).get("/").set("Accept", "text/html");
    await clock.advance(5000);
    expect(world.did).toContain("start node2 alice/");
  });

  it.each(["", "?node=..%2fx", "?node=node1&node=node2"])("refuses to stop on %s", async (query) => {
    const { app, world } = createPagesRig();
    expect((await postForm(app, `/home/stop${query}`)).status).toBe(400);
    expect(world.did).toEqual([]);
  });
});
