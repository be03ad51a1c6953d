import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";
import { aRecord } from "../../../support/homes.ts";
import { createPagesRig, postForm, SESSION } from "../../../support/pages-rig.ts";

const PATH = "/api/v1/nodes/node1/order";

describe("an order by the admin socket", () => {
  it("is passed on with who asks it, and what came of it is told", async () => {
    const { admin, orders } = createPagesRig();
    const wish = { kind: "cordon", by: "alice", end: "18:00", reason: "kernel update" };
    const answer = await request(admin).post(PATH).send(wish);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      node: "node1",
      dryRun: false,
      after: { state: "cordoned" },
      servers: 3,
    });
    expect(orders.given).toEqual([{ node: "node1", wish, isRehearsal: false }]);
  });

  it("tells who is on the node", async () => {
    const { admin, sightings } = createPagesRig();
    const seen = { key: ALICE, evidence: "hub-list", ready: true, seenAtMs: 0 } as const;
    sightings.push({ ...seen, node: NODE1, record: aRecord() }, { ...seen, node: NODE2 });
    const answer = await request(admin).post(PATH).send({ kind: "drain", by: "alice" });
    expect(answer.body).toMatchObject({ occupants: [{ user: "alice", busy: true }] });
    const node = await request(admin).get("/api/v1/nodes/node1");
    expect(node.body).toMatchObject({ node: "node1", occupants: [{ user: "alice", busy: true }] });
    expect((await request(admin).get("/api/v1/nodes/node9")).status).toBe(404);
  });

  it("is only rehearsed with dryRun", async () => {
    const { admin, orders } = createPagesRig();
    const answer = await request(admin).post(PATH).send({ kind: "drain", by: "alice", dryRun: true });
    expect(answer.body).toMatchObject({ dryRun: true });
    expect(orders.given).toMatchObject([{ isRehearsal: true }]);
  });

  it.each([{}, { kind: "reboot", by: "alice" }, { kind: "drain" }, { kind: "drain", by: "alice", x: 1 }])(
    "is refused when it is %j",
    async (wish) => {
      const { admin, orders } = createPagesRig();
      const answer = await request(admin).post(PATH).send(wish);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ error: { code: "BAD_ORDER" } });
      expect(orders.given).toEqual([]);
    },
  );

  it("is nothing that a browser can ask", async () => {
    const { app, state, orders } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    expect((await request(app).post(PATH).send({ kind: "drain", by: "alice" })).status).toBe(404);
    expect(orders.given).toEqual([]);
  });
});

describe("the page of a node", () => {
  const FORM = "/admin/nodes/node1/order";

  it("shows why it is closed, escaped, and the time zone of what is typed", async () => {
    const { app, state } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    const [node, ...others] = state.snapshot.nodes;
    if (node === undefined) throw new Error("no node");
    const order = { kind: "cordon", by: "<b>", atMs: 1 } as const;
    const closure = { state: "cordoned", words: "cordoned by <b>", order } as const;
    state.snapshot = { ...state.snapshot, nodes: [{ ...node, closure }, ...others] };
    const { text } = await request(app).get("/admin/nodes/node1");
    expect(text).toContain("cordoned by &#60;b&#62;");
    expect(text).toMatch(/\(UTC; may be\s+empty\)/);
    expect(text).toContain("Let it take new servers again");
    expect((await request(app).get("/admin/nodes/node9")).status).toBe(404);
  });

  it("lists who is on it, escaped", async () => {
    const { app, state, sightings } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    const key = { ...ALICE, user: "<i>" as typeof ALICE.user };
    sightings.push({ key, node: NODE1, evidence: "hub-list", ready: true, seenAtMs: 0, record: aRecord() });
    const { text } = await request(app).get("/admin/nodes/node1");
    expect(text).toMatch(/&#60;i&#62;<\/td>.*2 kernels \(1 busy\), 1 terminal \(1 busy\)/s);
  });

  it("gives an order as the admin who is signed in, whatever the form says", async () => {
    const { app, state, orders } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    const answer = await postForm(app, FORM, { kind: "cordon", by: "bob", end: " 2h", reason: "" });
    expect([answer.status, answer.headers["location"]]).toEqual([303, "/admin/nodes/node1"]);
    expect(orders.given).toMatchObject([{ node: "node1", wish: { kind: "cordon", by: "alice", end: "2h" } }]);
    expect(orders.given[0]?.wish.reason).toBeUndefined();
  });

  it("takes no form without its token, from another site, of no order, or of somebody who is no admin", async () => {
    const { app, state, orders } = createPagesRig();
    expect((await postForm(app, FORM, { kind: "drain" })).status).toBe(403);
    state.session = { ...SESSION, isAdmin: true };
    expect((await postForm(app, FORM, { kind: "drain", form_token: "bad" })).status).toBe(403);
    expect((await postForm(app, FORM, { kind: "reboot" })).status).toBe(400);
    const foreign = request(app).post(FORM).set("Sec-Fetch-Site", "cross-site").type("form");
    expect((await foreign.send({ kind: "drain", form_token: "good" })).status).toBe(403);
    state.session = undefined;
    expect((await postForm(app, FORM, { kind: "drain" })).status).toBe(401);
    expect(orders.given).toEqual([]);
  });
});
