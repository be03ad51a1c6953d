import { beforeAll, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExplainAnswer, NodeDetailAnswer } from "../../src/router/admin/decide/api-views.ts";
import { startKernel } from "../support/lab-kernel.ts";
import { eventually, putToWork, serverPids, type AtWork } from "../support/lab-recovery.ts";
import { useLab } from "../support/lab.ts";
import { pressButton, until, untilLab } from "../support/lab-visitor.ts";

/** One router, real nodes. alice moves her server, and her nodes are taken out of service. */
const site = useLab();
let alice: AtWork;
/** Where alice's server is now. */
let here: string;
let elsewhere: string;
const NODES = ["node1", "node2", "node3"];

beforeAll(async () => {
  alice = await putToWork(site.router, "alice");
  here = alice.node;
}, 400_000);

async function home(): Promise<string> {
  return (await alice.browser.go("/home")).body;
}

it("moves to the node that it says, where the file is and the kernel is not", async () => {
  await alice.kernel.evaluate("open('kept.txt', 'w').write('yes')\n1");
  for (const node of NODES) site.lab.run("load", node, node === here ? "3.00" : "0.20", "8000", "6000");
  const page = await until(alice.browser, "/home/move", ({ body }) => body.includes('action="/home/move'));
  const target = /Move your server to (node\d)\?/.exec(page.body)?.[1] ?? page.body;
  expect(target).not.toBe(here);
  await pressButton(alice.browser, page, "/home/move");
  expect(await untilLab(alice.browser)).toBe(target);
  expect(serverPids(site.lab, here, "alice")).toEqual([]);
  const kernel = await startKernel(site.router.url, alice.browser, `/n/${target}/user/alice/`);
  expect(await kernel.evaluate("open('kept.txt').read()")).toBe("'yes'");
  const old = await until(alice.browser, `/n/${here}/user/alice/lab`, ({ status }) => status === 200);
  expect(old.path).toMatch(new RegExp(`^/n/${target}/user/alice/lab`));
  [elsewhere, here] = [here, target];
  alice = { ...alice, node: here, kernel };
});

it("stops nothing where no other node would take it", async () => {
  for (const node of NODES) site.router.command("cordon", node);
  await eventually(async () => {
    expect((await alice.browser.go("/home/move")).body).toContain("no other place for your server");
  });
  const before = serverPids(site.lab, here, "alice");
  const token = /name="form_token" value="([^"]*)"/.exec(await home())?.[1] ?? "";
  const fields = { form_token: token, server: "", next: "" };
  const refused = await alice.browser.submit(`/home/move?node=${here}`, fields);
  expect([refused.status, refused.body]).toEqual([409, expect.stringContaining("Nothing was stopped.")]);
  expect(serverPids(site.lab, here, "alice")).toEqual(before);
  expect(await alice.kernel.evaluate("6 * 7")).toBe("42");
  for (const node of NODES) site.router.command("uncordon", node);
});

it("says who is on a node that is drained, and tells them by when it closes", async () => {
  await eventually(() => {
    expect(site.router.command("nodes", here)).toMatch(/^alice +ready +1 kernel/m);
  });
  const said = site.router.command("drain", here, "--by", "2h", "--reason", "new disk");
  expect(said).toMatch(/: new disk\n {2}1 running there, left alone\n(?:USER .*)\nalice +ready +1 kernel/);
  expect(await home()).toMatch(new RegExp(`${here} closes at .*: new disk\\.`));
  const told = await alice.browser.go("/");
  expect(told.body).toContain(`${here} closes at`);
  expect((await alice.browser.go("/")).path).toMatch(new RegExp(`^/n/${here}/user/alice/lab`));
  void alice.kernel.evaluate("import time\ntime.sleep(60)\n1", 90_000).catch(() => undefined);
  await eventually(() => {
    const { occupants } = JSON.parse(site.router.command("nodes", here, "--json")) as NodeDetailAnswer;
    expect(occupants).toMatchObject([{ user: "alice", busy: true, doing: "1 kernel (1 busy)" }]);
  }, 90);
  site.router.command("undrain", here);
  expect(await home()).not.toContain("closes at");
});

it("closes a node for a maintenance of the hosts file, and opens it again at its end", async () => {
  const file = join(site.lab.dir, "hosts");
  const text = readFileSync(file, "utf8");
  const window = windowAround(Date.now());
  writeFileSync(file, text.replace(new RegExp(`^${elsewhere}\\b`, "m"), `$& maintenance="${window.text}"`));
  await eventually(() => {
    expect(closureOf(elsewhere)).toMatchObject({
      state: "drained",
      order: null,
      maintenance: { end: window.end },
    });
  }, 30);
  const { now } = JSON.parse(site.router.command("explain", "carol", "--json")) as ExplainAnswer;
  expect(now.verdicts.find(({ node }) => node === elsewhere)).toMatchObject({
    accepted: false,
    reasons: expect.arrayContaining([expect.stringMatching(/^drained, maintenance until \d\d:\d\d /)]),
  });
  await eventually(() => {
    expect(closureOf(elsewhere)).toBeNull();
  }, 150);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(window.end));
});

function closureOf(node: string) {
  return (JSON.parse(site.router.command("nodes", node, "--json")) as NodeDetailAnswer).closure;
}

/** From this minute to the next but one at the latest, by the clocks here. */
function windowAround(nowMs: number): { readonly text: string; readonly end: string } {
  const end = new Date(Math.ceil((nowMs + 60_000) / 60_000) * 60_000);
  const start = new Date(nowMs);
  return { text: `daily ${clockOf(start)}-${clockOf(end)}`, end: end.toISOString() };
}

function clockOf(date: Date): string {
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}
