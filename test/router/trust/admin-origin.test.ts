import { describe, expect, it } from "@jest/globals";
import type { NodeId, UserName } from "../../../src/model.ts";
import type { SignInServices } from "../../../src/router/sign-in/decide/sign-in.ts";
import { ADMIN_HOST, ADMIN_ORIGIN, ENTRANCE, startTwoHosts } from "../../support/two-hosts-rig.ts";

const ADMIN_PAGES = ["/admin", "/api/v1/nodes", "/metrics"];
const CAROL = { user: "carol" as UserName, groups: [] };

/** The cookie of carol, who is an admin, by one host's sign-in. */
async function carolAt({ sessions }: SignInServices): Promise<{ readonly cookie: string }> {
  const { cookies } = await sessions.begin(CAROL, "node1" as NodeId);
  return { cookie: cookies.map((text) => text.split(";")[0]).join("; ") };
}

function startSites() {
  return startTwoHosts((request, response) => response.end(`node: ${request.url ?? ""}`));
}

describe("with admin.origin, the entrance", () => {
  it.each(ADMIN_PAGES)("does not serve %s, to admins neither, and says where it is", async (path) => {
    await using site = await startSites();
    const answer = await site.ask(ENTRANCE, path, await carolAt(site.entrance));
    expect([answer.status, answer.text]).toEqual([404, expect.stringContaining(ADMIN_ORIGIN)]);
    const json = await site.ask(ENTRANCE, path, { accept: "application/json" });
    expect([json.status, json.text]).toEqual([404, expect.stringContaining("ADMIN_ELSEWHERE")]);
  });

  it("leads admins there from their own page", async () => {
    await using site = await startSites();
    const { text } = await site.ask(ENTRANCE, "/home", await carolAt(site.entrance));
    expect(text).toContain(`href="${ADMIN_ORIGIN}/admin"`);
  });

  it("serves users' servers as ever", async () => {
    await using site = await startSites();
    const answer = await site.ask(ENTRANCE, "/n/node2/user/carol/lab", await carolAt(site.entrance));
    expect([answer.status, answer.text]).toEqual([200, "node: /n/node2/user/carol/lab"]);
  });
});

describe("the admin host", () => {
  it.each(ADMIN_PAGES)("serves %s to its own session", async (path) => {
    await using site = await startSites();
    expect((await site.ask(ADMIN_HOST, path, await carolAt(site.admin))).status).toBe(200);
  });

  it.each(ADMIN_PAGES)("does not take the entrance's session for %s", async (path) => {
    await using site = await startSites();
    const stolen = await carolAt(site.entrance);
    const page = await site.ask(ADMIN_HOST, path, stolen);
    expect([page.status, page.headers.location]).toEqual([302, `/login?next=${encodeURIComponent(path)}`]);
    expect((await site.ask(ADMIN_HOST, path, { ...stolen, accept: "*/*" })).status).toBe(401);
  });

  it("has a session that is good nowhere else", async () => {
    await using site = await startSites();
    const answer = await site.ask(ENTRANCE, "/home", await carolAt(site.admin));
    expect([answer.status, answer.headers.location]).toEqual([302, "/login?next=%2Fhome"]);
  });

  it("signs in at the lobby's form, which is on this host as well", async () => {
    await using site = await startSites();
    const { headers } = await site.ask(ADMIN_HOST, "/login?next=%2Fadmin");
    expect(headers.location).toMatch(/^\/n\/node1\/hub\/api\/oauth2\/authorize\?/);
    const form = await site.ask(ADMIN_HOST, String(headers.location));
    expect([form.status, form.text]).toEqual([200, expect.stringContaining("node: /n/node1/hub/")]);
  });

  it.each([
    "/n/node1/user/carol/lab",
    "/n/node1/user/carol/api/kernels",
    "/n/node1/services/x/",
    "/n/node1/",
    "/n/node2/hub/login",
    "/n/node2/user/alice/",
  ])("serves nothing of users: %s", async (path) => {
    await using site = await startSites();
    const as = await carolAt(site.admin);
    for (const host of [ADMIN_HOST, "ADMIN.lab.example.org", `${ADMIN_HOST}:8000`, `${ADMIN_HOST}.`]) {
      const answer = await site.ask(host, path, { ...as, accept: "*/*" });
      expect([answer.status, answer.text]).toEqual([404, expect.stringContaining("ADMIN_HOST")]);
    }
  });

  it.each(["/n/node1/user/carol/api/kernels/x/channels", "/n/node1/hub/x"])(
    "opens no websocket: %s",
    async (path) => {
      await using site = await startSites();
      const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
      const answer = await site.ask(ADMIN_HOST, path, { ...(await carolAt(site.admin)), ...upgrade });
      expect(answer.status).toBe(404);
    },
  );

  it.each([
    ["a fetch", "empty", "cors"],
    ["a script", "script", "no-cors"],
    ["a frame", "iframe", "navigate"],
  ])(
    "is not reached from a page of the entrance by %s, with an admin's cookie",
    async (_name, dest, mode) => {
      await using site = await startSites();
      const from = { "sec-fetch-site": "same-site", "sec-fetch-dest": dest, "sec-fetch-mode": mode };
      for (const path of ADMIN_PAGES) {
        const answer = await site.ask(ADMIN_HOST, path, { ...(await carolAt(site.admin)), ...from });
        expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
      }
    },
  );

  it("can be linked to, not framed", async () => {
    await using site = await startSites();
    const click = {
      "sec-fetch-site": "same-site",
      "sec-fetch-dest": "document",
      "sec-fetch-mode": "navigate",
    };
    const page = await site.ask(ADMIN_HOST, "/admin", { ...(await carolAt(site.admin)), ...click });
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });
});
