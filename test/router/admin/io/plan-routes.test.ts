import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import { PLAN_ID } from "../../../support/fake-rebalancing.ts";
import { createPagesRig, METRICS_TOKEN, postForm, SESSION } from "../../../support/pages-rig.ts";

const PLAN = `/api/v1/plans/${PLAN_ID}`;

describe("rebalancing by the admin socket", () => {
  it.each([
    [{ by: "alice", dryRun: true }, "rehearse for alice", null],
    [{ by: "alice" }, "run for alice", PLAN_ID],
    [{ by: "alice", act: true }, "run for alice and act", PLAN_ID],
  ])("is what %j asks for", async (wish, asked, id) => {
    const { admin, rebalancing } = createPagesRig();
    const answer = await request(admin).post("/api/v1/rebalance").send(wish);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, moves: [{ kind: "cordon" }, { stop: { user: "alice" } }] });
    expect(rebalancing.asked).toEqual([asked]);
  });

  it("approves a plan by its id, and says who did", async () => {
    const { admin, rebalancing } = createPagesRig();
    const answer = await request(admin).post(`${PLAN}/approve`).send({ by: "alice" });
    expect(answer.body).toMatchObject({ id: PLAN_ID, approvedBy: "alice" });
    expect(rebalancing.asked).toEqual([`approve ${PLAN_ID} by alice`]);
  });

  it.each([
    ["/api/v1/rebalance", {}, 400, "BAD_ORDER"],
    ["/api/v1/rebalance", { by: "two\nlines" }, 400, "BAD_ORDER"],
    [`${PLAN}/approve`, {}, 400, "BAD_ORDER"],
    ["/api/v1/plans/none/approve", { by: "alice" }, 404, "PLAN_UNKNOWN"],
  ])("refuses at %s what is %j", async (path, wish, status, code) => {
    const { admin, rebalancing } = createPagesRig();
    const answer = await request(admin).post(path).send(wish);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code } });
    expect(rebalancing.asked).toEqual([]);
  });

  it("is nothing that a browser can ask", async () => {
    const { app, state, rebalancing } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    expect((await request(app).post("/api/v1/rebalance").send({ by: "alice" })).status).toBe(404);
    expect((await request(app).post(`${PLAN}/approve`).send({ by: "alice" })).status).toBe(404);
    expect((await request(app).get(PLAN)).status).toBe(200);
    expect(rebalancing.asked).toEqual([]);
  });
});

describe("the pages of plans", () => {
  it("are for admins", async () => {
    const { app } = createPagesRig();
    expect((await request(app).get("/admin/plans")).status).toBe(403);
    expect((await request(app).get(`/admin/plans/${PLAN_ID}`)).status).toBe(403);
  });

  it("list plans, and show one with its evidence, escaped", async () => {
    const { app, state } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    expect((await request(app).get("/admin/plans")).text).toContain(`href="/admin/plans/${PLAN_ID}"`);
    const { text } = await request(app).get(`/admin/plans/${PLAN_ID}`);
    expect(text).toMatch(/keep new servers away from node1[\s\S]*memory 91 % used/);
    expect(text).toMatch(/stop the server of alice on node1[\s\S]*not before 1970/);
    expect(text).toContain("91 % → 74 %");
    expect(text).toContain("a &#60;kernel&#62; is busy");
    expect(text).toContain("Carry it out");
    expect((await request(app).get("/admin/plans/none")).status).toBe(404);
  });

  it("take an admin's word by their forms, and nobody else's", async () => {
    const { app, state, rebalancing } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    const approve = `/admin/plans/${PLAN_ID}/approve`;
    expect((await postForm(app, approve, { form_token: "bad" })).status).toBe(403);
    expect((await postForm(app, approve)).headers).toMatchObject({ location: `/admin/plans/${PLAN_ID}` });
    await postForm(app, "/admin/plans");
    expect(rebalancing.asked).toEqual([`approve ${PLAN_ID} by alice`, "run for alice"]);
  });

  it("offer nothing to approve once a plan is over, and show what came of it", async () => {
    const { app, state, rebalancing } = createPagesRig();
    state.session = { ...SESSION, isAdmin: true };
    const [record] = rebalancing.records;
    if (record === undefined) throw new Error("no plan");
    const outcomes = [
      { move: "1", result: "done", words: "node1 takes no new servers", atMs: 5000 },
    ] as const;
    rebalancing.records[0] = { ...record, state: "done", approvedBy: "carol", outcomes };
    const { text } = await request(app).get(`/admin/plans/${PLAN_ID}`);
    expect(text).toContain("done: node1 takes no new servers");
    expect(text).toContain("by the word of carol");
    expect(text).not.toContain("Carry it out");
  });
});

describe("the metrics of rebalancing", () => {
  it("name kinds and outcomes, and nobody", async () => {
    const { app } = createPagesRig();
    const { text } = await request(app).get("/metrics").set("Authorization", `Bearer ${METRICS_TOKEN}`);
    expect(text).toContain('multijhub_rebalance_runs_total{result="planned"} 2');
    expect(text).toContain('multijhub_rebalance_moves_total{kind="cordon",result="done"} 1');
    expect(text).toContain("multijhub_rebalance_last_run_seconds 5");
  });
});
