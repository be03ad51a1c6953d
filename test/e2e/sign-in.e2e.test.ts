import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createCookieBrowser,
  type BrowserPage,
  type CookieBrowser,
  type Navigation,
} from "../support/cookie-browser.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Signing in and out through the router without a browser, on real hubs with PAM, for each JupyterHub. */
const BUILDS = ["debian13", "stable", "beta"] as const;
const wanted = process.env["E2E_JUPYTERHUB"];
const builds = BUILDS.filter((build) => wanted === undefined || build === wanted);

/** How long a server believes what it heard of a token: minutes by default, too long to wait for here. */
const SHORT_MEMORY = 'c.Spawner.args = ["--HubOAuth.cache_max_age=2"]';

describe.each(builds)("with JupyterHub %s", (build) => {
  let lab: Lab | undefined;
  let router: RouterProcess | undefined;

  beforeAll(async () => {
    lab = startLab({ build });
    for (const node of ["node1", "node2", "node3"]) {
      const folder = "/etc/multijhub/hub.d";
      lab.run("sh", node, `mkdir -p ${folder} && echo '${SHORT_MEMORY}' >${folder}/10-memory.py`);
    }
    router = await startRouter(lab);
  }, 600_000);

  afterAll(async () => {
    await router?.stop();
    lab?.down();
  }, 60_000);

  function newBrowser(): CookieBrowser {
    return createCookieBrowser(router?.url ?? "");
  }

  async function signedIn(user: string): Promise<CookieBrowser> {
    const browser = newBrowser();
    await fillForm(browser, await formAt(browser, "/home"), user);
    expect(await browser.cookiesFor("/")).toContain("multijhub-session");
    return browser;
  }

  /** Where the router sends a signed-in browser that a hub has sent to sign in again. */
  async function ticketLink(browser: CookieBrowser, node: string): Promise<string> {
    const page = await browser.step(`/login?node=${node}&next=${encodeURIComponent(tokenPage(node))}`);
    expect(page.status).toBe(302);
    return String(page.headers["location"]);
  }

  it("leads alice through the lobby's form to JupyterLab", async () => {
    const browser = newBrowser();
    const form = await formAt(browser, "/");
    expect(form.path).toMatch(/^\/n\/node1\/hub\/login\?/);
    const page = await waitForLab(browser, await fillForm(browser, form, "alice"));
    expect(page.body).toContain("JupyterLab");
    expect(page.path).not.toContain("token");
  });

  it("does not let a wrong password in", async () => {
    const browser = newBrowser();
    const page = await fillForm(browser, await formAt(browser, "/"), "alice", "wrong");
    expect(page.body).toContain("login_error");
    expect(await browser.cookiesFor("/")).not.toContain("multijhub-session");
    expect((await browser.go("/")).path).toMatch(/^\/n\/node1\/hub\/login\?/);
  });

  it("accepts a ticket in its own browser, once", async () => {
    const [alice, bob] = [await signedIn("alice"), await signedIn("bob")];
    await ticketLink(bob, "node1");
    const link = await ticketLink(alice, "node1");
    expect(await refusal(newBrowser(), link)).toContain("did not ask for it");
    expect(await refusal(bob, link)).toContain("another browser");
    const page = await alice.go(link);
    expect([page.status, page.path]).toEqual([200, tokenPage("node1")]);
    expect(await refusal(alice, link)).toContain("used before");
  });

  it("accepts a ticket on its own node", async () => {
    const alice = await signedIn("alice");
    await ticketLink(alice, "node1");
    const link = await ticketLink(alice, "node2");
    const nonce = await alice.cookieHeader("/n/node2/hub/router_login");
    const moved = link.replace("/n/node2/hub/", "/n/node1/hub/");
    const page = await alice.step(moved, { headers: { cookie: nonce } });
    expect([page.status, page.body]).toEqual([403, expect.stringContaining("for another node")]);
  });

  it("does not sign alice in through mallory's link", async () => {
    const [mallory, alice] = [newBrowser(), await signedIn("alice")];
    const form = await formAt(mallory, "/home");
    const granted = await postForm(mallory, form, "bob");
    const authorize = await mallory.step(String(granted.headers["location"]));
    const link = String(authorize.headers["location"]);
    expect(link).toMatch(/^\/auth\/callback\?code=/);
    for (const victim of [alice, newBrowser()]) {
      expect((await victim.go(link)).status).toBe(403);
    }
    expect((await alice.go("/home")).body).toContain("alice");
  });

  it("signs in somebody else in the same browser", async () => {
    const browser = await signedIn("alice");
    await browser.go(await ticketLink(browser, "node1"));
    await browser.jar.setCookie("multijhub-session=; Path=/; Max-Age=0", router?.url ?? "");
    await fillForm(browser, await signOutAtHub(browser), "bob");
    const page = await browser.go(await ticketLink(browser, "node1"));
    expect(page.body).toMatch(/\bbob\b/);
    expect(page.body).not.toMatch(/\balice\b/);
  });

  /** The lobby still knows alice by its own cookie; somebody else begins there by its form. */
  async function signOutAtHub(browser: CookieBrowser): Promise<BrowserPage> {
    const at = `${router?.url ?? ""}/n/node1/hub/`;
    for (const { key, path } of await browser.jar.getCookies(at)) {
      if (key.startsWith("jupyterhub-")) {
        await browser.jar.setCookie(`${key}=; Path=${path ?? "/"}; Max-Age=0`, at);
      }
    }
    return browser.go("/home");
  }

  it("leaves nothing usable after signing out, and the server running", async () => {
    const alice = newBrowser();
    const lab1 = await waitForLab(alice, await fillForm(alice, await formAt(alice, "/"), "alice"));
    const [, node = ""] = /^\/n\/(node\d)\//.exec(lab1.path) ?? [];
    const status = `/n/${node}/user/alice/api/status`;
    const xhr = await backgroundRequest(alice, status);
    expect((await alice.step(status, xhr)).status).toBe(200);
    const thief = createCookieBrowser(router?.url ?? "", await alice.jar.clone());

    const farewell = await alice.go("/logout");
    expect(farewell.body).toMatch(new RegExp(`Ended on: .*${node}`));
    expect(await alice.cookiesFor(status)).toEqual(["multijhub-bind"]);
    await sleep(3000);

    expect((await thief.go("/home")).path).toMatch(/^\/n\/node1\/hub\/login\?/);
    expect((await thief.go(tokenPage(node))).path).toMatch(/^\/n\/node1\/hub\/login\?/);
    expect((await thief.step(status, xhr)).status).toBe(403);

    const again = await waitForLab(alice, await fillForm(alice, await formAt(alice, "/"), "alice"));
    expect(again.path).toMatch(new RegExp(`^/n/${node}/`));
    expect((await thief.step(status, xhr)).status).toBe(403);
  });

  it("ends every session of a user by command", async () => {
    const alice = await signedIn("alice");
    expect(JSON.parse(commandOutput(() => router?.command("signout", "alice", "--json")))).toMatchObject({
      user: "alice",
      ended: expect.arrayContaining(["node1"]) as unknown,
    });
    expect((await alice.go("/home")).path).toMatch(/^\/n\/node1\/hub\/login\?/);
  });
});

/** The form, once the lobby's hub has started: until then a page that tries again by itself. */
async function formAt(browser: CookieBrowser, path: string): Promise<BrowserPage> {
  let next = path;
  return waitFor(
    `the lobby's form at ${path}`,
    async () => {
      const page = await browser.go(next);
      next = refreshOf(page) ?? path;
      return page.status !== 503 && page;
    },
    { everyMs: 1000 },
  );
}

/** As JupyterLab asks in the background. */
async function backgroundRequest(browser: CookieBrowser, path: string): Promise<Navigation> {
  const xsrf = /_xsrf=([^;]*)/.exec(await browser.cookieHeader(path))?.[1] ?? "";
  const headers = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", accept: "*/*", "x-xsrftoken": xsrf };
  return { site: "same-origin", headers };
}

/** What a command printed, also when it ended with a complaint: here, hubs that do not run could not be told. */
function commandOutput(run: () => string | undefined): string {
  try {
    return run() ?? "";
  } catch (err) {
    return (err as { readonly stdout: string }).stdout;
  }
}

/** A page of the hub that only who is signed in there can see. */
function tokenPage(node: string): string {
  return `/n/${node}/hub/token`;
}

async function refusal(browser: CookieBrowser, link: string): Promise<string> {
  const page = await browser.step(link);
  expect(page.status).toBe(403);
  return page.body;
}

function fillForm(
  browser: CookieBrowser,
  form: BrowserPage,
  user: string,
  password?: string,
): Promise<BrowserPage> {
  const { action, fields } = readForm(form, user, password);
  return browser.submit(action, fields);
}

/** The same, without following where it leads. */
function postForm(browser: CookieBrowser, form: BrowserPage, user: string): Promise<BrowserPage> {
  const { action, fields } = readForm(form, user);
  return browser.post(action, fields);
}

function readForm({ body, path }: BrowserPage, user: string, password = `${user}-pw`) {
  const action = /<form[^>]*action="([^"]*login[^"]*)"/.exec(body)?.[1];
  if (action === undefined) throw new Error(`no sign-in form at ${path}`);
  const xsrf = /<input[^>]*name="_xsrf"[^>]*value="([^"]*)"/.exec(body)?.[1] ?? "";
  return { action: unescapeHtml(action), fields: { username: user, password, _xsrf: unescapeHtml(xsrf) } };
}

/** Reads the waiting page again and again, as a browser without JavaScript does. */
async function waitForLab(browser: CookieBrowser, first: BrowserPage): Promise<BrowserPage> {
  let page = first;
  for (let tries = 0; tries < 120; tries += 1) {
    if (/^\/n\/node\d\/user\/[^/]+\/lab/.test(page.path) && page.status === 200) return page;
    if (page.status >= 400 && page.status !== 503) break;
    await sleep(1000);
    page = await browser.go(refreshOf(page) ?? page.path);
  }
  throw new Error(`no JupyterLab: ${page.path} answered ${page.status}\n${page.body}`);
}

function refreshOf({ body }: BrowserPage): string | undefined {
  const url = /<meta[^>]*http-equiv="refresh"[^>]*url=([^"]*)"/i.exec(body)?.[1];
  return url === undefined ? undefined : unescapeHtml(url);
}

function unescapeHtml(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
