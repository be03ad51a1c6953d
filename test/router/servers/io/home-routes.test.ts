import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";
import { aRecord } from "../../../support/homes.ts";
import { createPagesRig, postForm } from "../../../support/pages-rig.ts";

describe("/home", () => {
  it("says where the server is, since when, and opens it", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toMatch(/<strong>node2<\/strong>:\s+ready, for 10 min/);
    expect(text).toContain("/login?node=node2");
  });

  it("starts nothing by being looked at", async () => {
    const { app, world } = createPagesRig();
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("You have no running server.");
    expect(new Set(world.did)).toEqual(new Set(["locate"]));
  });

  it("looks afresh where the servers were, so that it never shows more than `where`", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    world.locator.lookAfresh = () => {
      world.servers.clear();
      return Promise.resolve();
    };
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("You have no running server.");
  });

  it("says what goes on in a server, and leads to the decision about one that its hub has lost", async () => {
    const { app, world } = createPagesRig();
    const lost = { key: ALICE, node: NODE2, evidence: "process-list", ready: false, seenAtMs: 0 } as const;
    const sighting = { ...lost, isOrphan: true, record: aRecord() } as const;
    world.location = { kind: "found", sighting, others: [] };
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toMatch(/<strong>node2<\/strong>:\s+lost, 2 kernels \(1 busy\)/);
    expect(text).toContain("Decide what to do");
    expect(text).not.toContain("/login?node=node2");
  });

  it("shows a Jupyter of the user's own, with no button to stop it", async () => {
    const { app, own } = createPagesRig();
    own.push({ pid: 99, node: NODE2 }, { pid: 100 });
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toMatch(/yourself runs on <strong>node2<\/strong> \(process 99\)/);
    expect(text).not.toMatch(/process 100|\/home\/stop/);
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
    expect(world.did.slice(-3)).toEqual(["stop node1 alice/", "look node1", "gone node1 alice/"]);
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

describe("what is going to happen to a server", () => {
  const notice = {
    ...({ key: ALICE, node: NODE2, why: "hot-node", words: "node2 is more used than others" } as const),
    ...{ sinceMs: 1_000_000, notBeforeMs: 1_000_000 + 1_800_000 },
  };

  it("is told with why, when and what is lost, and its owner keeps the server by a button", async () => {
    const { app, world, stopNotices } = createPagesRig();
    world.servers.set("alice/", NODE2);
    stopNotices.given.push(notice);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toMatch(
      /will be stopped<\/strong>, at 00:46 UTC at the\s+earliest: node2 is more used than others/,
    );
    expect(text).toMatch(/Your files stay. Kernels and terminals end/);
    expect((await postForm(app, "/home/keep", { form_token: "bad" })).status).toBe(403);
    expect((await postForm(app, "/home/keep")).status).toBe(303);
    const after = await request(app).get("/home").set("Accept", "text/html");
    expect(after.text).toContain("is not stopped for being idle until 01:16 UTC");
    expect(after.text).not.toContain("will be stopped");
  });

  it("is not told of a server elsewhere", async () => {
    const { app, world, stopNotices } = createPagesRig();
    world.servers.set("alice/", NODE1);
    stopNotices.given.push(notice);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).not.toContain("will be stopped");
  });

  it("is told where its node is to become empty, with the way off it", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    const { text } = await request(app).get("/home").set("Accept", "text/html");
    expect(text).toContain("node2 is being taken out of service.");
    expect(text).toContain('href="/home/move">Move it now');
  });
});

describe("/home/move", () => {
  it("says where the server would go and why, what is kept, what is lost, and what goes on in it", async () => {
    const { app, world } = createPagesRig();
    world.next = { kind: "placed", node: NODE1 };
    const seen = { key: ALICE, node: NODE2, evidence: "hub-list", ready: true, seenAtMs: 0 } as const;
    world.location = { kind: "found", sighting: { ...seen, record: aRecord() }, others: [] };
    const { text } = await request(app).get("/home/move").set("Accept", "text/html");
    expect(text).toContain("Move your server to node1?");
    expect(text).toContain("most free memory: 3 GB");
    expect(text).toMatch(/Kept: your files.*Lost: what is only in memory.*In it now: 2 kernels \(1 busy\)/s);
    expect(text).toContain('action="/home/move?node=node2"');
  });

  it("moves it, and goes on to the page of the way in", async () => {
    const { app, world, clock } = createPagesRig();
    world.servers.set("alice/", NODE2);
    const answer = await postForm(app, "/home/move?node=node2");
    expect([answer.status, answer.headers["location"]]).toEqual([303, "/"]);
    await clock.advance(5000);
    expect(world.servers.get("alice/")).toBe(NODE1);
  });

  it("says in words why it does not move it, and stops nothing", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE1);
    const { status, text } = await postForm(app, "/home/move?node=node1");
    expect(status).toBe(409);
    expect(text).toContain("on the best node already");
    expect(text).toContain("Nothing was stopped.");
    expect(world.did.join()).not.toContain("stop");
    const page = await request(app).get("/home/move").set("Accept", "text/html");
    expect(page.text).not.toContain("<form");
  });

  it("is only for forms of ours, and names of nodes and servers", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    expect((await postForm(app, "/home/move?node=node2", { form_token: "bad" })).status).toBe(403);
    expect((await postForm(app, "/home/move")).status).toBe(400);
    expect((await postForm(app, "/home/move?node=node2", { server: "../x" })).status).toBe(400);
    expect(world.did).toEqual([]);
  });
});
