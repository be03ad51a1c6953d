import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import express from "express";
import type { NodeId, UserName } from "../../../../src/model.ts";
import { SESSION_LIFETIME } from "../../../../src/router/sign-in/decide/session.ts";
import { nonceHash } from "../../../../src/router/sign-in/decide/ticket.ts";
import { createPathUrls } from "../../../../src/router/web/decide/urls.ts";
import { createSecurityHeaders } from "../../../../src/router/web/io/security-headers.ts";
import { createSessionMiddleware, sessionOf } from "../../../../src/router/sign-in/io/session-middleware.ts";
import { createSignInRoutes } from "../../../../src/router/sign-in/io/sign-in-routes.ts";
import { createRevocations } from "../../../../src/router/sign-in/revocations.ts";
import { createSignInServices, type SignInOptions } from "../../../../src/router/sign-in/sign-in-services.ts";
import {
  createCookieBrowser,
  type BrowserPage,
  type CookieBrowser,
} from "../../../support/cookie-browser.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { createFakeHubs } from "../../../support/fake-hubs.ts";
import { createFakeRandom } from "../../../support/fake-random.ts";
import { createMemoryLog } from "../../../support/memory-log.ts";
import { createMemoryStore } from "../../../support/memory-store.ts";

const servers = new Set<Server>();
const { privateKey } = generateKeyPairSync("ed25519");
const MASTER_KEYS = [new Uint8Array(32).fill(7)];
const NODES = ["node1", "node2", "node3"] as NodeId[];

afterEach(async () => {
  for (const server of servers) await new Promise((done) => server.close(done));
  servers.clear();
});

async function setUp(options: Partial<SignInOptions> = {}) {
  // Cookie jars know one clock only, the real one.
  const clock = createFakeClock(Date.now());
  const random = createFakeRandom();
  const log = createMemoryLog();
  const fakes = createFakeHubs();
  const store = createMemoryStore(clock);
  const services = createSignInServices(
    {
      clock,
      random,
      log,
      store,
      revocations: createRevocations({ clock, store, log }, { totalMs: SESSION_LIFETIME.totalMs }),
      ...fakes,
      urls: createPathUrls(),
      nodes: () => NODES,
      lobbies: () => ["node1", "node2"] as NodeId[],
      clockOffsetMs: () => 0,
    },
    {
      masterKeys: () => MASTER_KEYS,
      ticketKey: () => privateKey,
      isSecure: false,
      adminUsers: ["carol"],
      adminGroups: [],
      ...options,
    },
  );
  const middleware = createSessionMiddleware(services);
  const app = express();
  app.use(createSecurityHeaders(random), createSignInRoutes(services));
  app.get("/", middleware.requireSession, (_request, response) => {
    response.send(`home of ${sessionOf(response).user}`);
  });
  app.get("/admin", middleware.requireSession, middleware.requireAdmin, (_request, response) => {
    response.send(`token ${services.formTokens.issue(sessionOf(response))}`);
  });
  app.post("/admin", middleware.requireSession, ...middleware.requireForm, (_request, response) => {
    response.send("done");
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  servers.add(server);
  await new Promise((done) => server.once("listening", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { clock, log, fakes, services, origin, browser: () => createCookieBrowser(origin) };
}

function parametersOf(page: BrowserPage): URLSearchParams {
  return new URL(String(page.headers["location"]), "http://x").searchParams;
}

/** What the lobby would redirect to once its form was filled. */
async function callbackFor(
  { fakes }: Awaited<ReturnType<typeof setUp>>,
  browser: CookieBrowser,
  user: string,
  login = "/login?next=%2F",
): Promise<string> {
  const toLobby = await browser.step(login);
  const state = parametersOf(toLobby).get("state") ?? "";
  return `/auth/callback?${new URLSearchParams({ code: fakes.codeFor(user, "node1"), state }).toString()}`;
}

async function signIn(site: Awaited<ReturnType<typeof setUp>>, user: string): Promise<CookieBrowser> {
  const browser = site.browser();
  const page = await browser.go(await callbackFor(site, browser, user));
  expect([page.status, page.body]).toEqual([200, `home of ${user}`]);
  return browser;
}

describe("signing in", () => {
  it("goes to the first lobby's form and comes back to where one wanted to be", async () => {
    const site = await setUp();
    const browser = site.browser();
    const first = await browser.step("/admin?tab=nodes");
    expect([first.status, first.headers["location"]]).toEqual([302, "/login?next=%2Fadmin%3Ftab%3Dnodes"]);
    const toLobby = await browser.step(String(first.headers["location"]));
    expect(toLobby.headers["location"]).toMatch(/^\/n\/node1\/hub\/api\/oauth2\/authorize\?/);
    expect(Object.fromEntries(parametersOf(toLobby))).toMatchObject({
      client_id: "service-multijhub",
      redirect_uri: "/auth/callback",
      response_type: "code",
    });
    const state = parametersOf(toLobby).get("state") ?? "";
    const code = site.fakes.codeFor("carol", "node1");
    const back = await browser.go(`/auth/callback?code=${code}&state=${state}`);
    expect([back.path, back.status]).toEqual(["/admin?tab=nodes", 200]);
  });

  it("works in several tabs, each with its own way back", async () => {
    const site = await setUp();
    const browser = site.browser();
    const one = await callbackFor(site, browser, "alice", "/login?next=/?one");
    const two = await callbackFor(site, browser, "alice", "/login?next=/?two");
    expect((await browser.go(one)).path).toBe("/?one");
    expect((await browser.go(two)).path).toBe("/?two");
  });

  it("leaves room at the lobby beside one address that floods it, and answers all of it", async () => {
    const site = await setUp();
    const { lobby } = site.fakes;
    const identify = lobby.identify.bind(lobby);
    let now = 0;
    let most = 0;
    lobby.identify = async (...args) => {
      most = Math.max(most, (now += 1));
      // Until as many as may are here, and others had the time to be.
      for (let turns = 0; most < 4 || turns < 50; turns += 1) await new Promise((done) => setImmediate(done));
      return identify(...args).finally(() => (now -= 1));
    };
    const browser = site.browser();
    const links: string[] = [];
    for (let i = 0; i < 20; i += 1) links.push(await callbackFor(site, browser, "alice"));
    const pages = await Promise.all(links.map((link) => browser.step(link)));
    expect([most, ...new Set(pages.map(({ status }) => status))]).toEqual([4, 302]);
  });

  it("takes the next lobby when the first is down", async () => {
    const { fakes, browser } = await setUp();
    fakes.down.add("node1");
    expect((await browser().step("/login")).headers["location"]).toMatch(/^\/n\/node2\/hub\/api/);
  });

  it("says which lobbies are down and tries again by itself", async () => {
    const { fakes, browser } = await setUp();
    fakes.down.add("node1").add("node2");
    const page = await browser().go("/login?next=/home");
    expect(page.status).toBe(503);
    expect(page.body).toMatch(/<b>node1<\/b>: its hub does not answer/);
    expect(page.body).toContain(`<meta http-equiv="refresh" content="3;url=/login?next=%2Fhome" />`);
  });

  it("does not wait for ever for a lobby that is starting", async () => {
    const { fakes, browser, clock } = await setUp();
    fakes.starting.add("node1");
    fakes.down.add("node2");
    const answer = browser().go("/login");
    await new Promise((done) => setTimeout(done, 100));
    await clock.advance(4000);
    expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining("its hub is starting") });
  });

  it("shows a page when the lobby says no, fails, or the code is not good", async () => {
    const site = await setUp();
    const browser = site.browser();
    const state = parametersOf(await browser.step("/login")).get("state") ?? "";
    const declined = await browser.go(`/auth/callback?error=access_denied&state=${state}`);
    expect(declined).toMatchObject({ status: 403, body: expect.stringContaining("did not confirm") });
    expect(await browser.go(`/auth/callback?code=wrong&state=${state}`)).toMatchObject({ status: 502 });
    site.fakes.down.add("node1");
    const failed = await browser.go(`/auth/callback?code=any&state=${state}`);
    expect(failed).toMatchObject({ status: 502, body: expect.stringContaining("its hub does not answer") });
    expect(await browser.cookiesFor("/")).toEqual(["multijhub-bind"]);
  });

  it("never goes elsewhere than to this site", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    for (const next of ["//evil.example/", "/\\evil.example", "https://evil.example/", "/\t/evil.example"]) {
      const page = await alice.step(`/login?next=${encodeURIComponent(next)}`);
      expect([page.status, page.headers["location"]]).toEqual([302, "/"]);
    }
  });

  it("answers programs with JSON, and puts its policy on every page", async () => {
    const { browser } = await setUp();
    const headers = { "sec-fetch-mode": "cors", accept: "application/json" };
    const page = await browser().step("/admin", { headers });
    expect([page.status, JSON.parse(page.body)]).toEqual([
      401,
      { error: { code: "SIGNED_OUT", message: "sign in first" } },
    ]);
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
    expect(page.headers["cache-control"]).toBe("no-store");
  });

  it("makes admins by the configuration, whatever the lobby says", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    expect(await alice.step("/admin")).toMatchObject({ status: 403 });
    const carol = await signIn(site, "carol");
    expect(await carol.step("/admin")).toMatchObject({ status: 200 });
  });
});

describe("login CSRF", () => {
  it("does not sign alice in through mallory's link", async () => {
    const site = await setUp();
    const link = await callbackFor(site, site.browser(), "mallory");
    const fresh = site.browser();
    expect(await fresh.go(link)).toMatchObject({
      status: 403,
      body: expect.stringContaining("not started here"),
    });
    expect(await fresh.cookiesFor("/")).toEqual([]);
  });

  it("nor when she has begun to sign in herself, or is signed in", async () => {
    const site = await setUp();
    const link = await callbackFor(site, site.browser(), "mallory");
    const begun = site.browser();
    await begun.step("/login");
    expect(await begun.go(link)).toMatchObject({ status: 403 });
    expect(await begun.cookiesFor("/")).toEqual(["multijhub-bind"]);
    const alice = await signIn(site, "alice");
    expect(await alice.go(link)).toMatchObject({ status: 403 });
    expect(await alice.go("/")).toMatchObject({ body: "home of alice" });
  });

  it("refuses a state that is old, changed, or of our other seals", async () => {
    const site = await setUp();
    const browser = site.browser();
    const link = await callbackFor(site, browser, "alice");
    expect(await browser.go(`${link}x`)).toMatchObject({ status: 403 });
    const bind = (await browser.jar.getCookies(site.origin))[0]?.value ?? "";
    expect(await browser.go(`/auth/callback?code=code-1&state=${bind}`)).toMatchObject({ status: 403 });
    await site.clock.advance(3_602_000);
    expect(await browser.go(link)).toMatchObject({ status: 403 });
  });
});

describe("the way into a hub", () => {
  function ticketOf(page: BrowserPage): Record<string, unknown> {
    const token = parametersOf(page).get("router_token") ?? "";
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
      string,
      unknown
    >;
  }

  it("sets the nonce first and binds the ticket to it", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const next = "/n/node2/user/alice/lab?x=1";
    const page = await alice.step(`/login?node=node2&next=${encodeURIComponent(next)}`);
    expect(page.headers["location"]).toMatch(/^\/n\/node2\/hub\/router_login\?router_token=/);
    expect(parametersOf(page).get("next")).toBe(next);
    const jar = await alice.jar.getCookies(`${site.origin}/n/node2/hub/router_login`);
    const nonce = jar.find(({ key }) => key === "multijhub-nonce");
    expect(nonce).toMatchObject({ path: "/n/node2/hub/router_login", httpOnly: true, sameSite: "lax" });
    const ticket = ticketOf(page);
    expect(ticket).toMatchObject({
      sub: "alice",
      aud: "node2",
      use: "login",
      bnd: nonceHash(nonce?.value ?? ""),
    });
    expect(JSON.stringify(ticket)).not.toContain(nonce?.value);
  });

  it("gives tabs of one browser the same nonce, other browsers and hubs another", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const again = await signIn(site, "alice");
    async function bound(browser: CookieBrowser, node: string): Promise<unknown> {
      return ticketOf(await browser.step(`/login?node=${node}`))["bnd"];
    }
    const first = await bound(alice, "node2");
    expect(await bound(alice, "node2")).toBe(first);
    expect(await bound(alice, "node3")).not.toBe(first);
    expect(await bound(again, "node2")).not.toBe(first);
  });

  it("keeps next on that node", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    for (const next of ["/n/node3/hub/", "/logout", "//evil.example/n/node2/", "/n/node2", ""]) {
      const page = await alice.step(`/login?node=node2&next=${encodeURIComponent(next)}`);
      expect(parametersOf(page).get("next")).toBe("/n/node2/hub/");
    }
  });

  it("leads through sign-in to the hub that asked", async () => {
    const site = await setUp();
    const browser = site.browser();
    const link = await callbackFor(site, browser, "alice", "/login?node=node2&next=/n/node2/user/alice/lab");
    const page = await browser.step(link);
    expect(page.headers["location"]).toBe("/login?node=node2&next=%2Fn%2Fnode2%2Fuser%2Falice%2Flab");
  });

  it("goes by ticket to a deep link on any hub, the lobby as well", async () => {
    const site = await setUp();
    const browser = site.browser();
    const link = await callbackFor(site, browser, "alice", "/login?next=/n/node1/user/alice/lab");
    const page = await browser.step(link);
    expect(page.headers["location"]).toBe("/login?node=node1&next=%2Fn%2Fnode1%2Fuser%2Falice%2Flab");
  });

  it("stops a loop with a page", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    for (let i = 0; i < 30; i += 1) expect((await alice.step("/login?node=node2")).status).toBe(302);
    expect(await alice.step("/login?node=node2")).toMatchObject({
      status: 508,
      body: expect.stringContaining("keeps sending"),
    });
    expect((await alice.step("/login?node=node3")).status).toBe(302);
    await site.clock.advance(20_000);
    expect((await alice.step("/login?node=node2")).status).toBe(302);
  });

  it.each(["node9", "..", "node1/../node2", "<script>"])("knows no node %s", async (name) => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const page = await alice.step(`/login?node=${encodeURIComponent(name)}`);
    expect(page.status).toBe(404);
    expect(page.body).not.toContain("<script>");
  });
});

describe("another user in the same browser", () => {
  it("loses what hubs gave the former one, and the former session is over", async () => {
    const site = await setUp();
    const browser = await signIn(site, "alice");
    await browser.step("/login?node=node2");
    const session = (await browser.jar.getCookies(site.origin)).find(
      ({ key }) => key === "multijhub-session",
    );
    await browser.jar.setCookie("jupyterhub-user-alice=1; Path=/n/node2/user/alice/", site.origin);
    await browser.jar.setCookie("jupyterhub-hub-login=1; Path=/n/node2/hub/", site.origin);
    await browser.jar.setCookie("jupyterhub-hub-login=bob; Path=/n/node1/hub/", site.origin);
    await browser.jar.setCookie("multijhub-session=; Max-Age=0; Path=/", site.origin);
    const page = await browser.go(await callbackFor(site, browser, "bob"));
    expect(page.body).toBe("home of bob");
    expect(await browser.cookiesFor("/n/node2/user/alice/lab")).not.toContain("jupyterhub-user-alice");
    expect(await browser.cookiesFor("/n/node2/hub/")).not.toContain("jupyterhub-hub-login");
    expect(await browser.cookiesFor("/n/node1/hub/")).toContain("jupyterhub-hub-login");
    expect(session).toBeDefined();
  });

  it("ends the former user's session at its hubs", async () => {
    const site = await setUp();
    const browser = site.browser();
    const bobs = await callbackFor(site, browser, "bob");
    await browser.go(await callbackFor(site, browser, "alice"));
    const cookie = `multijhub-session=${(await browser.jar.getCookies(site.origin)).find(({ key }) => key === "multijhub-session")?.value ?? ""}`;
    expect((await browser.go(bobs)).body).toBe("home of bob");
    expect(site.fakes.signOuts.map(({ node, claims }) => [node, claims["sub"]])).toEqual([
      ["node1", "alice"],
    ]);
    expect((await site.browser().step("/", { headers: { cookie } })).status).toBe(302);
  });
});

describe("signing out", () => {
  it("revokes the session, tells every hub visited, and empties the browser", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    await alice.step("/login?node=node3");
    const copied = await alice.jar.getCookieString(site.origin);
    await alice.jar.setCookie("jupyterhub-user-alice=1; Path=/n/node3/user/alice/", site.origin);
    const page = await alice.go("/logout");
    expect(page.status).toBe(200);
    expect(page.body).toContain("Ended on: node1, node3.");
    expect(
      site.fakes.signOuts.map(({ node, claims }) => [node, claims["use"], claims["aud"], claims["sub"]]),
    ).toEqual([
      ["node1", "signout", "node1", "alice"],
      ["node3", "signout", "node3", "alice"],
    ]);
    expect(site.fakes.signOuts[0]?.claims["sid"]).toEqual(expect.any(String));
    expect(await alice.cookiesFor("/n/node3/user/alice/lab")).toEqual(["multijhub-bind"]);
    const thief = await site.browser().step("/", { headers: { cookie: copied } });
    expect([thief.status, thief.headers["location"]]).toEqual([302, "/login?next=%2F"]);
  });

  it("says which hub did not answer", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    await alice.step("/login?node=node3");
    site.fakes.down.add("node3");
    const page = await alice.go("/logout");
    expect(page.body).toMatch(/Ended on: node1\..*<b>node3<\/b>: its hub does not answer/s);
  });

  it.each([
    ["a picture on another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }],
    ["a picture in a notebook", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" }],
    ["a link on another site", { "sec-fetch-site": "cross-site" }],
    ["a sibling site", { "sec-fetch-site": "same-site" }],
  ])("does nothing for %s", async (_, headers) => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const page = await alice.go("/logout", { headers });
    expect(page.body).toContain("Sign out?");
    expect(await alice.go("/")).toMatchObject({ body: "home of alice" });
    expect(site.fakes.signOuts).toEqual([]);
  });

  it("lets the person confirm, but no foreign form", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const asked = await alice.go("/logout", { site: "cross-site" });
    const token = /name="form_token" value="([^"]+)"/.exec(asked.body)?.[1] ?? "";
    const foreign = await alice.submit("/logout", { form_token: token }, { site: "cross-site" });
    expect(foreign.status).toBe(403);
    expect((await alice.submit("/logout", { form_token: "x" })).status).toBe(403);
    expect(await alice.go("/")).toMatchObject({ body: "home of alice" });
    expect((await alice.submit("/logout", { form_token: token })).body).toContain(
      "<b>alice</b> is signed out",
    );
    expect((await alice.step("/")).status).toBe(302);
  });

  it("works for who is not signed in", async () => {
    const { browser } = await setUp();
    expect(await browser().go("/logout")).toMatchObject({
      status: 200,
      body: expect.stringContaining("Nobody was signed in"),
    });
  });

  it("of a user by an admin ends every session begun until now, at every hub", async () => {
    const site = await setUp();
    const one = await signIn(site, "alice");
    const two = await signIn(site, "alice");
    const bob = await signIn(site, "bob");
    const farewell = await site.services.signOut.signOutUser("alice" as UserName);
    expect(farewell.ended).toEqual(NODES);
    expect(site.fakes.signOuts.map(({ claims }) => claims["sid"])).toEqual([undefined, undefined, undefined]);
    expect((await one.step("/")).status).toBe(302);
    expect((await two.step("/")).status).toBe(302);
    expect((await bob.step("/")).status).toBe(200);
  });
});

describe("a session cookie that comes twice", () => {
  it("gets a page that takes both out of the browser", async () => {
    const site = await setUp();
    const alice = await signIn(site, "alice");
    const own = await alice.jar.getCookieString(site.origin);
    for (const path of ["/", "/login"]) {
      const page = await alice.step(path, { headers: { cookie: `${own}; multijhub-session=planted` } });
      expect(page.status).toBe(400);
      expect(page.headers["set-cookie"]).toEqual(
        expect.stringMatching(/^multijhub-session=; Max-Age=0; Path=\//),
      );
    }
  });
});

describe("forms of ours", () => {
  it("need the token of the session and a page of this site", async () => {
    const site = await setUp();
    const carol = await signIn(site, "carol");
    const token = (await carol.step("/admin")).body.replace("token ", "");
    expect((await carol.submit("/admin", { form_token: token })).body).toBe("done");
    expect((await carol.submit("/admin", {})).status).toBe(403);
    const other = await signIn(site, "carol");
    expect((await other.submit("/admin", { form_token: token })).status).toBe(403);
    const byOrigin = { "sec-fetch-site": undefined, origin: "https://evil.example" } as never;
    expect((await carol.submit("/admin", { form_token: token }, { headers: byOrigin })).status).toBe(403);
  });
});
