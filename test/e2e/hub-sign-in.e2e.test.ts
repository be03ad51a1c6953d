import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { HubBrowser, loginPath } from "../support/hub-browser.ts";
import { installNode, signTicket, type HubNode } from "../support/hub-node.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Tickets on a real hub: PAM on node1, which is the lobby; a site's own authenticator on node2. */
let lab: Lab;
let node: HubNode;
let other: HubNode;

const OTHER_SITE = `
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "dummy-pw"
c.Authenticator.allowed_users = {"alice", "bob smith"}
c.Spawner.environment = {"FROM_THE_SITE": "kept"}
c.JupyterHub.services.append({"name": "announcer", "api_token": "token-of-the-announcer"})
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "read:hub"]},
    {"name": "announcing", "scopes": ["list:users"], "services": ["announcer"]},
    {"name": "too-much", "scopes": ["admin:users", "access:servers"], "services": ["multijhub"]},
]
c.JupyterHub.cleanup_servers = True
c.JupyterHub.hub_ip = "0.0.0.0"
`;

/** How long a server believes what it heard of a session; a minute by default, too long to wait for here. */
const SHORT_MEMORY = `c.Spawner.args = ["--HubOAuth.cache_max_age=3"]`;

beforeAll(async () => {
  const build = process.env["E2E_JUPYTERHUB"] as "stable" | "beta" | "debian13" | undefined;
  lab = startLab(build === undefined ? {} : { build });
  node = installNode(lab, "node1");
  other = installNode(lab, "node2");
  node.shell("mkdir -p /etc/multijhub/hub.d && cat > /etc/multijhub/hub.d/10-site.py", SHORT_MEMORY);
  other.shell("mkdir -p /etc/multijhub/hub.d && cat > /etc/multijhub/hub.d/10-site.py", OTHER_SITE);
  const [first, second] = await Promise.all([
    node.startHub(),
    other.startHub({ lobby: false, adminUsers: [] }),
  ]);
  if (!first.ok || !second.ok) throw new Error(JSON.stringify([first.error, second.error]));
  await Promise.all([node.openTunnel(), other.openTunnel()]);
}, 400_000);

afterAll(() => {
  node?.close();
  other?.close();
  lab?.down();
});

function post(hub: HubNode, verb: string, claims: Record<string, unknown>): Promise<Response> {
  const token = signTicket(hub, { use: verb.replace("router_", ""), ...claims });
  return fetch(`${hub.url}/n/${hub.name}/hub/${verb}`, {
    method: "POST",
    headers: { "x-multijhub-token": token },
  });
}

function api(hub: HubNode, path: string, method = "GET"): Promise<Response> {
  const headers = { authorization: `token ${String(hub.settings["serviceToken"])}` };
  return fetch(`${hub.url}/n/${hub.name}/hub/api${path}`, { method, headers });
}

async function startServer(hub: HubNode, user: string): Promise<void> {
  expect((await post(hub, "router_introduce", { sub: user, start: { server: "" } })).status).toBe(200);
  const runs = 400; // JupyterHub's answer for a server that runs already
  expect([201, 202, runs]).toContain((await api(hub, `/users/${user}/server`, "POST")).status);
  await waitFor(`the server of ${user} is ready`, async () => {
    const state = (await (await api(hub, `/users/${user}`)).json()) as {
      servers: Record<string, { ready: boolean }>;
    };
    if (state.servers[""] === undefined) throw new Error(`the start for ${user} failed`);
    return state.servers[""].ready;
  });
}

async function stopServer(hub: HubNode, user: string): Promise<void> {
  const stopping = 202;
  await waitFor(
    `the server of ${user} stops`,
    async () => (await api(hub, `/users/${user}/server`, "DELETE")).status !== stopping,
  );
}

describe("a sign-in ticket", () => {
  it("signs a browser in, once, by way of a check that it keeps cookies", async () => {
    const browser = new HubBrowser(node);
    browser.keepNonce();
    const ticket = signTicket(node, { bnd: browser.binding, sid: "session-1" });
    const next = "/n/node1/hub/token";
    const first = await browser.get(loginPath(node, ticket, next));
    expect(first).toMatchObject({
      status: 302,
      location: expect.stringContaining("router_login?check=1") as unknown,
    });
    const second = await browser.get(first.location ?? "");
    expect(second).toMatchObject({ status: 302, location: next });
    expect(await browser.get(next)).toMatchObject({ status: 200 });
    const replay = await browser.get(loginPath(node, ticket, next));
    expect(replay).toMatchObject({
      status: 403,
      location: null,
      text: expect.stringContaining("used before") as unknown,
    });
  });

  it("does not sign in a browser that keeps no cookies, and does not loop", async () => {
    const browser = new HubBrowser(node);
    const first = await browser.signIn();
    browser.forgetCookies();
    expect(await browser.get(first.location ?? "")).toMatchObject({
      status: 403,
      location: null,
      text: expect.stringContaining("does not keep") as unknown,
    });
  });

  const { privateKey: strangersKey } = generateKeyPairSync("ed25519");
  const now = Math.floor(Date.now() / 1000);
  it.each([
    ["of another node", { aud: "node2" }, "another node"],
    ["for another use", { use: "introduce" }, "another use"],
    ["that expired", { iat: now - 300, exp: now - 271 }, "expired"],
    ["from the future", { iat: now + 900, exp: now + 930 }, "in the future"],
    ["that lives too long", { iat: now, exp: now + 3600 }, "lives too long"],
    ["older than the hub", { iat: 1_000_000_000, exp: 1_000_000_030 }, "expired"],
    ["for nobody", { sub: undefined }, "names no user"],
    ["without an id", { jti: undefined }, "malformed"],
    ["of another browser", { bnd: "AAAA" }, "another browser"],
    ["of no browser", { bnd: undefined }, "another browser"],
    ["for a user without an account", { sub: "nobody-here" }, "no account"],
  ])("is refused with the reason: %s", async (_, claims, reason) => {
    const page = await new HubBrowser(node).signIn(claims);
    expect(page).toMatchObject({
      status: 403,
      location: null,
      text: expect.stringContaining(reason) as unknown,
    });
  });

  it("is refused with a stranger's signature, when changed, and without the nonce cookie", async () => {
    const browser = new HubBrowser(node);
    const good = signTicket(node, { bnd: browser.binding });
    expect((await browser.get(loginPath(node, good))).text).toContain("did not ask for it");
    browser.keepNonce();
    const forged = signTicket(node, { bnd: browser.binding }, strangersKey);
    expect((await browser.get(loginPath(node, forged))).text).toContain("signature");
    const [header = "", payload = "", signature = ""] = good.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: "carol" })).toString("base64url");
    expect((await browser.get(loginPath(node, `${header}.${changed}.${signature}`))).text).toContain(
      "signature",
    );
    for (const junk of ["", "a.b", "a.b.c", `${good}x`, "%00.%00.%00", "€.€.€", "x".repeat(5000)])
      expect(await browser.get(loginPath(node, junk))).toMatchObject({ status: 403, location: null });
    expect((await browser.get(loginPath(node, good))).status).toBe(302);
  });

  it("is not written to the logs", async () => {
    await new HubBrowser(node).signIn({ aud: "node2" });
    expect(node.shell("grep -h router_login /var/lib/multijhub/log/*.log")).not.toContain("eyJ");
  });

  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/n/node2/user/alice/",
    "/n/node1/../node2/",
    "/n/node1/%2e%2e/",
    "/admin",
    "javascript:alert(1)",
    "/n/node1/user/\r\nx: y",
  ])("never leads to %j", async (next) => {
    const browser = new HubBrowser(node);
    const first = await browser.signIn({}, next);
    expect((await browser.get(first.location ?? "")).location).toBe("/n/node1/hub/home");
  });

  it("replaces another user who used the same browser before", async () => {
    const browser = new HubBrowser(node);
    await browser.signIn({ sub: "alice", sid: "a" });
    const alices = browser.copy();
    await browser.signIn({ sub: "bob", sid: "b" });
    expect((await browser.get("/n/node1/hub/token")).text).toContain("bob");
    expect(alices.cookie("jupyterhub-session-id")).not.toBe(browser.cookie("jupyterhub-session-id"));
  });

  it("keeps to the site's own rules about who may enter", async () => {
    expect((await new HubBrowser(other).signIn({ sub: "bob" })).text).toContain("not allowed on this node");
    expect((await new HubBrowser(other).signIn({ sub: "bob smith" })).status).toBe(302);
    expect((await new HubBrowser(other).signIn({ sub: "Alice" })).text).toContain("another name, alice");
  });

  it("is not accepted for an account that is locked or has expired", async () => {
    node.shell("usermod -L bob");
    expect((await new HubBrowser(node).signIn({ sub: "bob" })).text).toContain("locked");
    node.shell("usermod -U bob && usermod -e 1 bob");
    expect((await new HubBrowser(node).signIn({ sub: "bob" })).text).toContain("does not admit");
    node.shell("usermod -e '' bob");
    expect((await new HubBrowser(node).signIn({ sub: "bob" })).status).toBe(302);
  });
});

describe("the hub's own login and logout", () => {
  it("send visitors who came through the router to the router's sign-in", async () => {
    const page = await new HubBrowser(node).get("/n/node1/hub/login?next=%2Fn%2Fnode1%2Fuser%2Falice%2Flab");
    const back = encodeURIComponent("/n/node1/user/alice/lab");
    expect(page).toMatchObject({ status: 302, location: `/login?node=node1&next=${back}` });
    expect((await new HubBrowser(node).get("/n/node1/hub/logout")).location).toBe("/logout");
  });

  it("show the form to the router's own sign-in on a lobby only, and to whoever came directly", async () => {
    const query = "client_id=service-multijhub&response_type=code&redirect_uri=%2Fauth%2Fcallback&state=s";
    for (const [hub, status] of [
      [node, 200],
      [other, 302],
    ] as const) {
      const next = encodeURIComponent(`/n/${hub.name}/hub/api/oauth2/authorize?${query}`);
      expect((await new HubBrowser(hub).get(`/n/${hub.name}/hub/login?next=${next}`)).status).toBe(status);
    }
    const direct = await fetch(`${node.url}/n/node1/hub/login`, { redirect: "manual" });
    expect(direct.status).toBe(200);
  });

  it("let the router learn on a lobby who signed in with a password", async () => {
    const browser = new HubBrowser(node);
    const query = "client_id=service-multijhub&response_type=code&redirect_uri=%2Fauth%2Fcallback&state=s";
    const authorize = `/n/node1/hub/api/oauth2/authorize?${query}`;
    const form = await browser.follow(authorize);
    expect(form).toMatchObject({ status: 200 });
    const xsrf = /name="_xsrf" value="([^"]+)"/.exec(form.text)?.[1] ?? "";
    const body = new URLSearchParams({ username: "alice", password: "alice-pw", _xsrf: xsrf }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const path = `/n/node1/hub/login?next=${encodeURIComponent(authorize)}`;
    expect(await browser.request("POST", path, { headers, body })).toMatchObject({
      status: 302,
      location: authorize,
    });
    const done = await browser.get(authorize);
    const code = new URL(done.location ?? "", "http://router").searchParams.get("code") ?? "";
    expect(done.location).toMatch(/^\/auth\/callback\?/);
    const exchange = new URLSearchParams({
      ...{ client_id: "service-multijhub", client_secret: String(node.settings["serviceToken"]) },
      ...{ grant_type: "authorization_code", code, redirect_uri: "/auth/callback" },
    });
    const answer = await fetch(`${node.url}/n/node1/hub/api/oauth2/token`, {
      method: "POST",
      body: exchange,
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const who = await fetch(`${node.url}/n/node1/hub/api/user`, {
      headers: { authorization: `token ${token}` },
    });
    expect(await who.json()).toMatchObject({ name: "alice" });
  });
});

describe("the router's service", () => {
  it("has exactly the scopes it needs", async () => {
    const self = (await (await api(node, "/user")).json()) as { scopes: string[] };
    const wanted = ["list:users", "read:servers", "servers", "read:users:activity", "read:hub", "shutdown"];
    const implied = ["delete:servers", "start:servers", "read:users:name"];
    expect(self.scopes.filter((scope) => !implied.includes(scope)).sort()).toEqual(wanted.sort());
  });

  it.each([
    ["creating users", "/users/mallory", "POST"],
    ["issuing tokens", "/users/alice/tokens", "POST"],
    ["reading tokens", "/users/alice/tokens", "GET"],
    ["changing users", "/users/alice", "PATCH"],
    ["groups", "/groups", "GET"],
    ["routes of the proxy", "/proxy", "GET"],
    ["services", "/services", "GET"],
  ])("is refused %s", async (_, path, method) => {
    expect([403, 404]).toContain((await api(node, path, method)).status);
  });

  it("starts a server which it cannot enter, and its owner can", async () => {
    await startServer(node, "alice");
    const headers = { authorization: `token ${String(node.settings["serviceToken"])}` };
    const url = `${node.url}/n/node1/user/alice/api/contents`;
    expect((await fetch(url, { headers, redirect: "manual" })).status).toBe(403);
    const browser = new HubBrowser(node);
    const first = await browser.signIn({ sid: "s" }, "/n/node1/user/alice/lab");
    expect(await browser.follow(first.location ?? "")).toMatchObject({
      status: 200,
      url: "/n/node1/user/alice/lab",
    });
  });
});

describe("introducing a user", () => {
  it("makes the user known after the site's checks", async () => {
    expect(await (await post(node, "router_introduce", { sub: "carol" })).json()).toEqual({ name: "carol" });
    const refused = await post(node, "router_introduce", { sub: "nobody-here" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({ reason: "this node has no account of that name" });
    expect((await api(node, "/users/nobody-here")).status).toBe(404);
  });
});

describe("signing out", () => {
  it("leaves nothing usable in a copy of the browser's cookies", async () => {
    await startServer(node, "alice");
    const browser = new HubBrowser(node);
    const first = await browser.signIn({ sid: "to-end" }, "/n/node1/user/alice/lab");
    await browser.follow(first.location ?? "");
    const stayed = new HubBrowser(node);
    await stayed.follow((await stayed.signIn({ sid: "to-stay" }, "/n/node1/user/alice/lab")).location ?? "");
    const copy = browser.copy();
    const answer = await post(node, "router_signout", { sub: "alice", sid: "to-end" });
    expect(await answer.json()).toMatchObject({ name: "alice", tokens: expect.any(Number) as unknown });
    expect((await copy.get("/n/node1/hub/token")).status).toBe(302);
    expect((await fetchUntilRefused(copy, "/n/node1/user/alice/api/contents")).status).toBe(403);
    expect((await stayed.get("/n/node1/user/alice/api/contents")).status).toBe(200);
  });
});

async function fetchUntilRefused(browser: HubBrowser, path: string) {
  for (let attempt = 0; attempt < 15; attempt += 1) {
    const page = await browser.get(path);
    if (page.status !== 200) return page;
    await sleep(1000);
  }
  throw new Error("still let in");
}

describe("signing in again in the same browser", () => {
  it("leaves nothing that outlives the sign-out of the new session", async () => {
    await startServer(node, "alice");
    const browser = new HubBrowser(node);
    const next = "/n/node1/user/alice/lab";
    await browser.follow((await browser.signIn({ sid: "first" }, next)).location ?? "");
    const copy = browser.copy();
    await browser.follow((await browser.signIn({ sid: "second" }, next)).location ?? "");
    expect((await copy.get("/n/node1/user/alice/api/contents")).status).toBe(200);
    await post(node, "router_signout", { sub: "alice", sid: "second" });
    expect((await fetchUntilRefused(copy, "/n/node1/user/alice/api/contents")).status).toBe(403);
  });
});

describe("a site's fragments", () => {
  it("are merged with what must hold", async () => {
    await stopServer(node, "alice"); // its claim lets no other node start one
    await startServer(other, "alice");
    const { result } = await other.agent("servers");
    const [server] = result["servers"] as { pid: number }[];
    const environment = other.shell(`tr '\\0' '\\n' < /proc/${String(server?.pid)}/environ`);
    expect(environment).toMatch(/^FROM_THE_SITE=kept$/m);
    expect(environment).toMatch(/^MULTIJHUB_NODE=node2$/m);
    const listening = await other.agent("listeners", { ports: [910, 911, 912] });
    const addresses = (listening.result["listeners"] as { address: string }[]).map(({ address }) => address);
    expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
  });

  it("keep their own services and roles, and give the router's no more than it needs", async () => {
    const headers = { authorization: "token token-of-the-announcer" };
    expect((await fetch(`${other.url}/n/node2/hub/api/users`, { headers })).status).toBe(200);
    expect((await api(other, "/users/mallory", "POST")).status).toBe(403);
    expect((await api(other, "/users")).status).toBe(200);
  });
});

describe("the table of user names", () => {
  it("is what this JupyterHub makes of them", () => {
    const python = String(node.settings["jupyterhub"]).replace(/jupyterhub$/, "python3");
    const folder = "/tmp/vectors";
    node.shell(`mkdir -p ${folder}`);
    for (const file of ["user-names.py", "user-names.json"])
      node.shell(
        `cat > ${folder}/${file}`,
        readFileSync(new URL(`../support/${file}`, import.meta.url), "utf8"),
      );
    expect(node.shell(`${python} ${folder}/user-names.py --check`)).toContain("agrees");
  });
});
