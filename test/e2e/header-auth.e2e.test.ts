import { describe, expect, it } from "@jest/globals";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCookieBrowser } from "../support/cookie-browser.ts";
import { useLab } from "../support/lab.ts";
import { until, untilLab } from "../support/lab-visitor.ts";
import { startTrustedProxy, type TrustedProxyOptions } from "../support/trusted-proxy.ts";

/** `auth: header` on real hubs: who a visitor is, a proxy says from 127.0.0.2. */
const SECRET = "0123456789abcdef0123456789abcdef";
const PROXY = "127.0.0.2";
const ELSEWHERE = "127.0.0.3";
const AS_ALICE = { "Remote-User": "alice", "X-Multijhub-Proxy-Secret": SECRET };

const site = useLab({
  arrange(lab) {
    const secret = join(lab.dir, "router", "proxy-secret");
    mkdirSync(join(lab.dir, "router"), { recursive: true });
    writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
    return { auth: { kind: "header", secret_file: secret, proxies: [PROXY] } };
  },
});

/** What `/home` answers through such a proxy to a client that sends these headers itself. */
async function homeThrough(options: TrustedProxyOptions, sent: Readonly<Record<string, string>> = {}) {
  await using proxy = await startTrustedProxy(site.router.url, options);
  return await createCookieBrowser(proxy.url).go("/home", { headers: sent });
}

it("lets alice into JupyterLab without a form", async () => {
  await using proxy = await startTrustedProxy(site.router.url, { from: PROXY, headers: AS_ALICE });
  const alice = createCookieBrowser(proxy.url);
  const node = await untilLab(alice);
  const home = await until(alice, "/home", ({ body }) => body.includes(node));
  expect(home.body).toContain("Signed in as alice");
  const status = await alice.go(`/n/${node}/user/alice/api/status`);
  expect(JSON.parse(status.body)).toHaveProperty("started");
  const log = site.lab.run("sh", node, "cat /var/lib/multijhub/log/*.log");
  expect([log.includes(SECRET), site.router.log().includes(SECRET)]).toEqual([false, false]);
}, 240_000);

describe("nobody is believed", () => {
  it.each<[string, TrustedProxyOptions]>([
    ["from another address", { from: ELSEWHERE, headers: AS_ALICE }],
    ["without the secret", { from: PROXY, headers: { "Remote-User": "alice" } }],
    [
      "with another secret",
      { from: PROXY, headers: { ...AS_ALICE, "X-Multijhub-Proxy-Secret": `${SECRET}0` } },
    ],
    ["who is not named", { from: PROXY, headers: { "X-Multijhub-Proxy-Secret": SECRET } }],
  ])("%s", async (_name, options) => {
    const { body, path } = await homeThrough(options);
    expect(path).toMatch(/^\/login/);
    expect(body).not.toContain("Signed in as");
  });

  it("who comes past the proxy, with its secret", async () => {
    const page = await createCookieBrowser(site.router.url).go("/home", { headers: AS_ALICE });
    expect(page.path).toMatch(/^\/login/);
  });
});

describe("a client's own headers", () => {
  const SMUGGLED = ["Remote-User", "remote-user", "REMOTE-USER", "Remote_User", "REMOTE_USER", "remote_user"];

  it.each(SMUGGLED)("do not name somebody else: %s, a proxy that replaces headers", async (name) => {
    const { body } = await homeThrough({ from: PROXY, headers: AS_ALICE }, { [name]: "bob" });
    expect(body).toContain("Signed in as alice");
  });

  it.each(SMUGGLED)("do not name somebody else: %s, a proxy that only adds headers", async (name) => {
    const { body } = await homeThrough({ from: PROXY, headers: AS_ALICE, isNaive: true }, { [name]: "bob" });
    expect(body).not.toContain("Signed in as bob");
  });

  it.each([
    { "Remote-User": "bob", Connection: "Remote-User" },
    { "Remote-User": "alice, bob" },
    { "Remote-User": "bob\tx" },
  ])("do not, where the proxy names nobody: %j", async (sent) => {
    const headers = { "X-Multijhub-Proxy-Secret": SECRET, "Remote-User": "" };
    expect((await homeThrough({ from: PROXY, headers }, sent)).path).toMatch(/^\/login/);
  });
});
