import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import type { Sighting } from "../../../../src/sighting.ts";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";
import { aRecord, BOOT } from "../../../support/homes.ts";
import { createPagesRig, postForm } from "../../../support/pages-rig.ts";

const LOST: Sighting = {
  key: ALICE,
  node: NODE1,
  evidence: "process-list",
  ready: false,
  seenAtMs: 0,
  isOrphan: true,
  process: { pid: 1234, startTicks: 5, bootId: BOOT },
  record: aRecord(),
};
const READY: Sighting = { key: ALICE, node: NODE2, evidence: "hub-list", ready: true, seenAtMs: 1_000_000 };

function page(app: Parameters<typeof request>[0], path = "/") {
  return request(app).get(path).set("Accept", "text/html");
}

describe("the page of a lost server", () => {
  it("says what runs, and offers to keep or to stop it, without a script", async () => {
    const { app, world } = createPagesRig();
    world.location = { kind: "found", sighting: LOST, others: [] };
    const { status, text } = await page(app);
    expect(status).toBe(409);
    expect(text).toContain("Your server on node1 has lost its JupyterHub");
    expect(text).toContain("2 kernels (1 busy), 1 terminal (1 busy)");
    expect(text).toContain('action="/keep-lost"');
    expect(text).toContain('action="/stop-lost"');
  });

  it("says how long it is kept, and still offers to stop it", async () => {
    const { app, world, clock } = createPagesRig();
    world.location = { kind: "found", sighting: LOST, others: [] };
    await page(app);
    expect((await postForm(app, "/keep-lost")).status).toBe(303);
    await clock.advance(2000);
    const { text } = await page(app);
    expect(text).toMatch(/left alone for 8 h/);
    expect(text).toContain('action="/stop-lost"');
    expect(text).not.toContain('action="/keep-lost"');
  });

  it("stops it and goes on to a new one", async () => {
    const { app, world, clock } = createPagesRig();
    world.location = { kind: "found", sighting: LOST, others: [] };
    await page(app);
    await postForm(app, "/stop-lost");
    await clock.advance(10_000);
    expect(world.did).toContain("end node1 alice/ 1234");
    expect((await page(app)).headers["location"]).toMatch(/^\/login\?node=node1/);
  });
});

describe("the page of two servers", () => {
  it("lets their owner choose, and stops the other", async () => {
    const { app, world, clock } = createPagesRig();
    const other: Sighting = { ...READY, node: NODE1, lastActivity: new Date(400_000).toISOString() };
    world.location = { kind: "found", sighting: READY, others: [other] };
    const { status, text } = await page(app);
    expect(status).toBe(409);
    expect(text).toContain("Two of your servers run");
    expect(text).toContain('action="/choose-server?node=node2"');
    expect(text).toContain("last used 10 min ago");
    expect((await postForm(app, "/choose-server?node=node2")).status).toBe(303);
    await clock.advance(1000);
    expect(world.did).toContain("stop node1 alice/");
    expect(world.did).not.toContain("stop node2 alice/");
  });

  it.each(["", "?node=..%2fx", "?node=a&node=b"])("refuses a choice of %p", async (query) => {
    const { app } = createPagesRig();
    expect((await postForm(app, `/choose-server${query}`)).status).toBe(400);
  });
});

it("asks every decision for the form's token", async () => {
  const { app, world } = createPagesRig();
  world.location = { kind: "found", sighting: LOST, others: [] };
  await page(app);
  for (const path of ["/keep-lost", "/stop-lost", "/choose-server?node=node1", "/start-elsewhere"]) {
    expect((await postForm(app, path, { form_token: "bad" })).status).toBe(403);
  }
  expect(new Set(world.did)).toEqual(new Set(["locate"]));
});

describe("the page on which users choose a kind of machine", () => {
  const choices = [{ name: "gpu", title: "With a GPU", labels: ["gpu"], gpus: 1 }];
  const LINK = "/hub/user-redirect/git-pull?repo=a&branch=b";

  it.each([LINK, "/user/alice/lab/tree/x?reset", "/n/node2/user/alice/lab/tree/x"])(
    "comes before %s, and leads on to it",
    async (link) => {
      const { app, clock } = createPagesRig({ choices });
      const address = `/?${new URLSearchParams({ next: link }).toString()}`;
      if (!link.startsWith("/n/")) expect((await page(app, link)).headers["location"]).toBe(address);
      const asked = await page(app, address);
      expect(asked.status).toBe(409);
      expect(asked.text).toContain("Which kind of machine?");
      const hidden = /action="\/choose-machine\?choice=gpu"[^]*?name="next" value="([^"]*)"/.exec(
        asked.text,
      )?.[1];
      expect(hidden?.replaceAll("&#38;", "&")).toBe(link);
      const chosen = await postForm(app, "/choose-machine?choice=gpu", { next: link });
      expect(chosen.headers["location"]).toBe(address);
      await clock.advance(10_000);
      const rest = link.replace(/^.*?\/(?:alice|user-redirect)\//, "");
      expect((await page(app, address)).headers["location"]).toBe(
        `/login?node=node1&next=${encodeURIComponent(`/n/node1/user/alice/${rest}`)}`,
      );
    },
  );

  it("is passed over by a link that answers in advance", async () => {
    const { app, clock, world } = createPagesRig({ choices });
    const query = new URLSearchParams({ choice: "gpu", next: LINK });
    const typed = page(app, `/?${query.toString()}`)
      .set("Sec-Fetch-Site", "none")
      .set("Sec-Fetch-Dest", "document");
    expect((await typed).status).toBe(200);
    await clock.advance(10_000);
    expect(world.did).toContain("place 1 gpu");
    const answer = await page(app, `/?${new URLSearchParams({ next: LINK }).toString()}`);
    expect(answer.headers["location"]).toContain(encodeURIComponent("/git-pull?repo=a&branch=b"));
  });
});
