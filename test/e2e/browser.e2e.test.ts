import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { artifactFolder, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";

/** A person at a browser: real Chromium, real JupyterLab, three real nodes. */
let lab: Lab;
let router: RouterProcess;
let browser: Browser;
const shots = artifactFolder("browser");
const open = new Set<BrowserContext>();

beforeAll(async () => {
  lab = startLab();
  router = await startRouter(lab);
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
}, 400_000);

afterAll(async () => {
  await browser?.close();
  await router?.stop();
  lab?.down();
}, 60_000);

afterEach(async () => {
  await Promise.all([...open].map((context) => context.close()));
  open.clear();
});

async function newVisitor(): Promise<Page> {
  const context = await browser.newContext();
  open.add(context);
  context.on("page", tellWhatFails);
  return context.newPage();
}

/** On stderr, for whoever wonders why JupyterLab complained. */
function tellWhatFails(page: Page): void {
  function tell(url: string, why: string): void {
    process.stderr.write(`browser: ${new URL(url).pathname}: ${why}\n`);
  }
  page.on("response", (response) => {
    if (response.status() >= 500) tell(response.url(), String(response.status()));
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    if (why !== "net::ERR_ABORTED") tell(request.url(), why);
  });
}

function shoot(page: Page, name: string): Promise<Buffer> {
  return page.screenshot({ path: join(shots, `${name}.png`) });
}

async function fillSignIn(page: Page, user: string, password = `${user}-pw`): Promise<void> {
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
}

async function signIn(page: Page, user: string, path = "/"): Promise<void> {
  await page.goto(router.url + path);
  await fillSignIn(page, user);
}

async function waitForLab(page: Page): Promise<string> {
  await page.waitForURL(/\/n\/node\d\/user\/[^/]+\/lab/, { timeout: 120_000 });
  await page.waitForSelector(".jp-Launcher, .jp-NotebookPanel", { timeout: 60_000 });
  return nodeOf(page);
}

function nodeOf(page: Page): string {
  return /\/n\/(node\d)\//.exec(page.url())?.[1] ?? "";
}

/** Opens a notebook from the launcher and runs one cell; the answer is its output as the page shows it. */
async function runCell(page: Page, code: string): Promise<string> {
  await page.click('.jp-LauncherCard[data-category="Notebook"]');
  // JupyterLab drops a cell that is run before its kernel is there.
  await page.getByText("Python 3 (ipykernel) | Idle").waitFor({ timeout: 60_000 });
  const cell = page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content").first();
  await cell.click();
  await page.keyboard.type(code);
  await page.keyboard.press("Shift+Enter");
  const output = page.locator(".jp-OutputArea-output pre").first();
  await output.waitFor({ timeout: 60_000 });
  return (await output.innerText()).trim();
}

describe("the way in", () => {
  it("takes alice from the sign-in form over the waiting page to a cell that computes", async () => {
    const page = await newVisitor();
    await page.goto(router.url);
    await shoot(page, "1-sign-in");
    await fillSignIn(page, "alice");
    await page.waitForSelector("ol.steps li", { timeout: 20_000 });
    await shoot(page, "2-waiting");
    expect(await page.innerText("main")).toMatch(/node\d/);
    await waitForLab(page);
    expect(await runCell(page, "print(6*7)")).toBe("42");
    await shoot(page, "3-jupyterlab");
  });

  it("puts bob on another node than alice", async () => {
    const alice = await newVisitor();
    await signIn(alice, "alice");
    const first = await waitForLab(alice);
    const bob = await newVisitor();
    await signIn(bob, "bob");
    expect(await waitForLab(bob)).not.toBe(first);
  });

  it("brings alice back to the same server from a second browser", async () => {
    const first = await newVisitor();
    await signIn(first, "alice");
    const node = await waitForLab(first);
    const second = await newVisitor();
    await signIn(second, "alice");
    expect(await waitForLab(second)).toBe(node);
  });

  it("keeps a deep link while signing in", async () => {
    const page = await newVisitor();
    await signIn(page, "alice", "/user/alice/lab/workspaces/deep?reset");
    await page.waitForURL(/\/n\/node\d\/user\/alice\/lab\/workspaces\/deep/, { timeout: 120_000 });
  });

  it("lets two tabs wait for one cold server", async () => {
    const page = await newVisitor();
    await page.goto(router.url);
    await fillSignIn(page, "carol");
    const other = await page.context().newPage();
    await other.goto(router.url);
    expect(await waitForLab(other)).toBe(await waitForLab(page));
  });

  it("says that a password is wrong, and lets the user try again", async () => {
    const page = await newVisitor();
    await page.goto(router.url);
    await fillSignIn(page, "alice", "wrong");
    await page.waitForSelector(".login_error");
    await shoot(page, "4-wrong-password");
    await fillSignIn(page, "alice");
    await waitForLab(page);
  });

  it("leaves nothing usable after signing out", async () => {
    const page = await newVisitor();
    await signIn(page, "alice");
    await waitForLab(page);
    const { pathname } = new URL(page.url());
    await page.goto(`${router.url}/logout`);
    await shoot(page, "5-signed-out");
    await page.goto(router.url + pathname);
    await page.waitForSelector("#username_input");
  });
});
