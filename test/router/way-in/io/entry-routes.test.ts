import { describe, expect, it } from "@jest/globals";
import request from "supertest";
import { AppError } from "../../../../src/errors.ts";
import { createPagesRig, postForm, SESSION } from "../../../support/pages-rig.ts";
import { NODE1, NODE2 } from "../../../support/fake-world.ts";
import { serverKey } from "../../../support/node-views.ts";

const HTML = "text/html";
const KEY = serverKey("alice");

function rigWithServer() {
  const rig = createPagesRig();
  rig.world.servers.set("alice/", NODE2);
  return rig;
}

function get(app: Parameters<typeof request>[0], path: string) {
  return request(app).get(path).set("Accept", HTML);
}

describe("/", () => {
  it("sends a running server's owner there at once", async () => {
    const answer = await get(rigWithServer().app, "/");
    expect(answer.status).toBe(302);
    expect(answer.headers["location"]).toBe("/login?node=node2&next=%2Fn%2Fnode2%2Fuser%2Falice%2Flab");
  });

  it("tells once a session by when the node of their server closes, and goes on by itself", async () => {
    const { app, state } = rigWithServer();
    const order = {
      kind: "drain",
      by: "carol",
      atMs: 0,
      deadlineMs: 64_800_000,
      reason: "<new> disk",
    } as const;
    const closure = { state: "draining", words: "", order } as const;
    state.snapshot = { ...state.snapshot, nodes: state.snapshot.nodes.map((node) => ({ ...node, closure })) };
    const xhr = await request(app).get("/").set({ Accept: "*/*", "Sec-Fetch-Mode": "cors" });
    expect(xhr.status).toBe(302);
    const { status, text } = await get(app, "/user/alice/lab/tree/x");
    expect(status).toBe(200);
    expect(text).toContain("node2 closes at 18:00 UTC: &#60;new&#62; disk.");
    expect(text).toContain(
      'content="15;url=/login?node=node2&#38;next=%2Fn%2Fnode2%2Fuser%2Falice%2Flab%2Ftree%2Fx"',
    );
    expect(text).toContain('href="/home/move">Move it now');
    expect((await get(app, "/")).status).toBe(302);
    state.session = { ...SESSION, id: "session-2" };
    expect((await get(app, "/")).status).toBe(200);
  });

  it("sends who is signed out to sign in, and back", async () => {
    const { app, state } = createPagesRig();
    state.session = undefined;
    const answer = await get(app, "/user/alice/lab/tree/a%20b.ipynb?x=1");
    expect(answer.headers["location"]).toBe(
      "/login?next=%2Fuser%2Falice%2Flab%2Ftree%2Fa%2520b.ipynb%3Fx%3D1",
    );
  });

  it("shows what is done, and why, while a server starts", async () => {
    const { app } = createPagesRig();
    const answer = await get(app, "/");
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("Starting JupyterHub on node1");
    expect(answer.text).toContain("most free memory: 3 GB");
    expect(answer.text).toContain("down: no answer");
    expect(answer.text).toMatch(/<noscript>\s*<meta http-equiv="refresh" content="3"/);
    expect(answer.text).toContain('<script nonce="test-nonce">');
    expect(answer.text).toContain('role="status"');
  });

  it("shows the same journey to a second tab and after a reload", async () => {
    const { app, world } = createPagesRig();
    await Promise.all([get(app, "/"), get(app, "/")]);
    await get(app, "/");
    expect(world.did.filter((did) => did === "place")).toHaveLength(1);
  });

  it("arrives by refresh alone", async () => {
    const { app, clock } = createPagesRig();
    await get(app, "/?next=/user/alice/lab/tree/x");
    await clock.advance(5000);
    const answer = await get(app, "/?next=/user/alice/lab/tree/x");
    expect(answer.headers["location"]).toBe(
      "/login?node=node1&next=%2Fn%2Fnode1%2Fuser%2Falice%2Flab%2Ftree%2Fx",
    );
  });

  it.each([
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "/user/bob/lab",
    "/user/alice/../bob/lab",
    "/user/alice/%2e%2e/bob",
    "/user/alice%2f..%2fbob/",
  ])("never goes where next=%s wants", async (next) => {
    const answer = await get(rigWithServer().app, `/?next=${encodeURIComponent(next)}`);
    expect(answer.headers["location"]).toBe("/login?node=node2&next=%2Fn%2Fnode2%2Fuser%2Falice%2Flab");
  });

  describe("with a choice in the address", () => {
    const choices = ["any", "gpu"].map((name) => ({ name, title: `<${name}>`, labels: [], gpus: 0 }));
    const own = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document" };
    const path = "/?choice=gpu&next=/user/alice/lab/tree/x";

    async function choiceAfter(headers: Record<string, string>, state?: "signed out") {
      const { app, world, clock, entry, ...rig } = createPagesRig({ choices });
      await entry.prefer(KEY, "any");
      if (state !== undefined) rig.state.session = undefined;
      const answer = await get(app, path).set(headers);
      await clock.advance(5000);
      const { choice } = await entry.recall(KEY);
      return { app, answer, choice, world, entry, rig };
    }

    it.each([own, { "Sec-Fetch-Site": "none" }])("remembers what its owner asks for: %j", async (headers) => {
      expect((await choiceAfter(headers)).choice).toBe("gpu");
    });

    it.each([
      [{ "Sec-Fetch-Site": "cross-site" }, undefined],
      [{ "Sec-Fetch-Site": "same-site" }, undefined],
      [{ ...own, "Sec-Fetch-Dest": "image" }, undefined],
      [{}, undefined],
      [{ "Sec-Fetch-Site": "cross-site" }, "signed out"],
    ] as const)("changes nothing for %j, and asks, %s or not", async (headers, state) => {
      const { app, answer, choice, entry, rig, world } = await choiceAfter(headers, state);
      expect([answer.headers["location"], choice]).toEqual([
        "/?asked=gpu&next=%2Fuser%2Falice%2Flab%2Ftree%2Fx",
        "any",
      ]);
      expect(world.did).not.toContain("place");
      rig.state.session = SESSION;
      const page = await get(app, answer.headers["location"] ?? "").set(own);
      expect([page.status, page.text]).toEqual([409, expect.stringContaining("&#60;gpu&#62;")]);
      const next = "/user/alice/lab/tree/x";
      const done = await postForm(app, "/choose-machine?choice=gpu", { next });
      expect(done.headers["location"]).toBe("/?next=%2Fuser%2Falice%2Flab%2Ftree%2Fx");
      expect((await entry.recall(KEY)).choice).toBe("gpu");
      expect((await get(app, "/?asked=gpu")).status).toBe(200);
    });

    it("asks about no choice that there is not", async () => {
      const { app } = createPagesRig({ choices });
      expect((await get(app, "/?asked=none")).text).not.toContain("asks for another kind");
      expect((await get(app, "/?choice=none").set(own)).status).toBe(404);
    });
  });

  it("escapes all that comes from outside", async () => {
    const { app, world, state, clock } = createPagesRig();
    const evil = `"'><script>alert(1)</script>`;
    state.session = { ...SESSION, user: "<b>x" as typeof SESSION.user };
    world.hubFailure = new AppError("PORT_TAKEN", evil, { remedy: evil });
    world.hubMs = 0;
    world.location = { kind: "unknown", silent: [{ node: NODE2, reason: evil }] };
    const silent = await get(app, `/?next=${encodeURIComponent(`/user/${evil}`)}`);
    expect(silent.text).not.toContain("<script>alert");
    world.location = { kind: "none" };
    state.session = SESSION;
    await get(app, "/");
    await clock.advance(2000);
    const failed = await get(app, `/?next=/user/alice/%22%3E%3Cscript%3E`);
    expect(failed.text).toContain("PORT_TAKEN");
    expect(failed.text).not.toContain("<script>");
  });

  it.each(["a/b", "%00", "..", "x".repeat(300)])("refuses a server named %s", async (name) => {
    const answer = await get(createPagesRig().app, `/?server=${encodeURIComponent(name)}`);
    expect(answer.status).toBe(400);
  });
});

describe("links that live for ever", () => {
  it.each([
    ["/user/alice/lab/tree/a%20b.ipynb?x=1", "/n/node2/user/alice/lab/tree/a%20b.ipynb?x=1"],
    ["/user/alice", "/n/node2/user/alice/"],
    ["/hub/user-redirect/git-pull?repo=https%3A%2F%2Fx", "/n/node2/user/alice/git-pull?repo=https%3A%2F%2Fx"],
    ["/hub/user/alice/lab", "/n/node2/user/alice/lab"],
  ])("%s leads to the running server", async (link, place) => {
    const answer = await get(rigWithServer().app, link);
    expect(answer.headers["location"]).toBe(`/login?node=node2&next=${encodeURIComponent(place)}`);
  });

  it("keeps path and query over the waiting page", async () => {
    const { app } = createPagesRig();
    const link = "/hub/user-redirect/git-pull?repo=a&branch=b";
    const answer = await get(app, link);
    expect(answer.headers["location"]).toBe(`/?${new URLSearchParams({ next: link }).toString()}`);
  });

  it.each([
    ["/hub/spawn", "/"],
    ["/hub/home", "/home"],
    ["/hub", "/home"],
    ["/hub/logout", "/logout"],
    ["/hub/login?next=%2Fx", "/login?next=%2Fx"],
    ["/hub/admin", "/admin"],
  ])("%s leads to %s", async (link, place) => {
    const answer = await get(createPagesRig().app, link);
    expect(answer.headers["location"]).toBe(place);
  });

  it.each(["/user/bob/lab", "/user/Alice/lab", "/user/%C3%A4lice/", "/user/alice%20x/", "/hub/user/bob"])(
    "%s is not alice's",
    async (link) => {
      const { app, world } = createPagesRig();
      const answer = await get(app, link);
      expect(answer.status).toBe(403);
      expect(world.did).toEqual([]);
    },
  );

  it.each([
    "/user/alice%2f..%2fbob/lab",
    "/user/../bob/lab",
    "/user/%2e%2e/bob",
    "/user//lab",
    "/user/%ff/lab",
    "/user/alice/%2e%2e/bob/lab",
  ])("%s is refused", async (link) => {
    const { app, world } = createPagesRig();
    expect((await get(app, link)).status).toBe(400);
    expect(world.did).toEqual([]);
  });

  it("answers a hub's API path with 404", async () => {
    expect((await get(createPagesRig().app, "/hub/api/users")).status).toBe(404);
  });
});

describe("failures", () => {
  it("says what failed, with its remedy and a way forward", async () => {
    const { app, world, clock } = createPagesRig();
    world.hubFailure = new AppError("JUPYTERHUB_MISSING", "no jupyterhub on node1", { remedy: "install it" });
    world.nodes = [NODE1];
    await get(app, "/");
    await clock.advance(2000);
    const page = await get(app, "/");
    expect(page.status).toBe(500);
    for (const words of ["not set up right", "no jupyterhub on node1", "install it", 'action="/retry"']) {
      expect(page.text).toContain(words);
    }
    expect(page.text).not.toContain("refresh");
    world.hubFailure = undefined;
    const again = await postForm(app, "/retry", { next: "/user/alice/lab/x" });
    expect(again.status).toBe(303);
    await clock.advance(5000);
    const done = await get(app, String(again.headers["location"]));
    expect(done.headers["location"]).toContain(encodeURIComponent("/n/node1/user/alice/lab/x"));
  });

  it("shows why no node can take the server", async () => {
    const { app, world } = createPagesRig();
    world.next = { kind: "none" };
    const page = await get(app, "/");
    expect(page.status).toBe(503);
    expect(page.text).toContain("No node can take your server now");
    expect(page.text).toContain("down: no answer");
  });

  it("changes nothing without the form's token", async () => {
    const { app, world } = createPagesRig();
    for (const path of ["/retry", "/start-elsewhere", "/home/stop?node=node1"]) {
      expect((await postForm(app, path, { form_token: "bad" })).status).toBe(403);
      const foreign = request(app).post(path).set("Sec-Fetch-Site", "same-site").type("form");
      expect((await foreign.send({ form_token: "good", server: "" })).status).toBe(403);
    }
    expect(world.did).toEqual([]);
  });
});

describe("a silent node", () => {
  it("is named, and given up only by the user's own decision after the wait", async () => {
    const { app, world, clock } = createPagesRig();
    world.location = { kind: "unknown", silent: [{ node: NODE2, reason: "no answer for 20 s" }] };
    const early = await get(app, "/");
    expect(early.status).toBe(503);
    expect(early.text).toContain("Waiting for node2");
    expect(early.text).toContain("no answer for 20 s");
    expect(early.text).not.toContain("/start-elsewhere");
    await postForm(app, "/start-elsewhere");
    await clock.advance(61_000);
    expect(world.did).not.toContain("place");
    expect((await get(app, "/")).text).toContain('action="/start-elsewhere"');
    await postForm(app, "/start-elsewhere");
    await clock.advance(5000);
    expect(world.did).toContain("start node1 alice/");
  });
});
