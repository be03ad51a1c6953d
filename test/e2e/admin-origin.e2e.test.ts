import { beforeAll, expect, it } from "@jest/globals";
import { createCookieBrowser } from "../support/cookie-browser.ts";
import { useLab } from "../support/lab.ts";
import { signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** `admin.origin` on real hubs: two host names of one router. */
const site = useLab({
  arrange: () => ({ admin: { users: ["carol"], origin: "http://admin.localhost" } }),
});
let adminUrl = "";

beforeAll(() => {
  adminUrl = site.router.url.replace("127.0.0.1", "admin.localhost");
});

it("lets carol sign in on the admin host, where nothing of users is, and compute at the entrance", async () => {
  const carol = await signInAt(adminUrl, "carol", "/admin");
  const page = await until(carol, "/", ({ body }) => body.includes("node3"));
  expect([page.path, page.status]).toEqual(["/admin", 200]);
  expect((await carol.go("/api/v1/nodes")).body).toContain('"node":"node1"');
  expect((await carol.go("/n/node1/user/carol/lab")).status).toBe(404);

  const atEntrance = await signInAt(site.router.url, "carol");
  expect((await atEntrance.go("/home")).body).toContain('href="http://admin.localhost/admin"');
  expect((await atEntrance.go("/api/v1/nodes")).status).toBe(404);
  const node = await untilLab(atEntrance);
  expect((await carol.go(`/n/${node}/user/carol/lab`)).status).toBe(404);
}, 240_000);

it("takes no session of the other host", async () => {
  const atEntrance = await signInAt(site.router.url, "carol");
  const stolen = (await atEntrance.cookieHeader("/home")).replace(/multijhub-bind=[^;]*;? ?/, "");
  expect(stolen).toContain("multijhub-session=");
  const page = await createCookieBrowser(adminUrl).step("/admin", { headers: { cookie: stolen } });
  expect([page.status, page.headers["location"]]).toEqual([302, "/login?next=%2Fadmin"]);
}, 120_000);

it("shows no one else the nodes, and forgets carol when she signs out there", async () => {
  const alice = await signInAt(adminUrl, "alice", "/admin");
  expect((await alice.go("/admin")).status).toBe(403);
  const carol = await signInAt(adminUrl, "carol", "/admin");
  await carol.go("/logout");
  expect((await carol.go("/admin")).path).toMatch(/^\/n\/node1\/hub\/login/);
}, 120_000);
