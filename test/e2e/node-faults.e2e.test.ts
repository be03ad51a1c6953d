import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExplainAnswer, NodeAnswer, NodesAnswer } from "../../src/router/admin/decide/api-views.ts";
import type { CookieBrowser } from "../support/cookie-browser.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { eventually, putToWork, type AtWork } from "../support/lab-recovery.ts";
import { signInAt, untilLab } from "../support/lab-visitor.ts";

/** One node after the other fault: each is named within its deadline, and costs the others nothing. */
let lab: Lab;
let router: RouterProcess;
let carol: CookieBrowser;
let bob: AtWork;

beforeAll(async () => {
  lab = startLab();
  attractTo("node2");
  router = await startRouter(lab, { ssh: { ...sshOf(lab), connect_timeout: "5s", keepalive: "1s" } });
  carol = await signInAt(router.url, "carol");
  bob = await putToWork(router, "bob");
}, 300_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

function sshOf({ settings }: Lab): object {
  return { key_file: settings["LAB_KEY"], known_hosts: [settings["LAB_KNOWN_HOSTS"]] };
}

/** The lobby, node1, comes last. */
function attractTo(node: string): void {
  const file = join(lab.dir, "hosts");
  const lines = readFileSync(file, "utf8")
    .replace(/ weight=\d+/g, "")
    .trim()
    .split("\n");
  const weighed = lines.map((line) => `${line} weight=${line.startsWith(`${node} `) ? 90 : 1}`);
  writeFileSync(file, `${weighed.join("\n")}\n`);
}

/** As the admin's browser is told: sooner than the command line is. */
async function node3(): Promise<NodeAnswer> {
  const { nodes } = JSON.parse((await carol.go("/api/v1/nodes")).body) as NodesAnswer;
  const found = nodes.find(({ node }) => node === "node3");
  if (found === undefined) throw new Error("node3 is not there");
  return found;
}

async function untilNode3(expected: object, seconds: number): Promise<void> {
  await eventually(async () => {
    expect(await node3()).toMatchObject(expected);
  }, seconds);
}

/** The worst it suffers from, once that is it. */
async function untilTrouble(
  code: string,
  seconds: number,
): Promise<NodeAnswer["troubles"][number] | undefined> {
  await eventually(async () => {
    const { state, troubles } = await node3();
    expect([state, troubles[0]?.code]).toEqual(["down", code]);
  }, seconds);
  return (await node3()).troubles[0];
}

async function bobWorks(): Promise<void> {
  expect(await bob.kernel.evaluate("x + 1", 5000)).toBe("42");
}

describe("a power cut while a hub starts", () => {
  it("leads the user to another node, and the hub starts when the node is back", async () => {
    attractTo("node3");
    await untilNode3({ weight: 90, state: "up" }, 30);
    const alice = await signInAt(router.url, "alice");
    const way = alice.go("/");
    await eventually(async () => {
      expect((await node3()).hub?.state).toMatch(/starting|ready/);
    }, 30);
    lab.run("crash", "node3");
    await way;
    expect(await untilLab(alice)).toMatch(/^node[12]$/);
    await untilNode3({ state: "down" }, 30);
    await bobWorks();
    lab.run("start", "node3");
    await untilNode3({ state: "up" }, 45);
    expect(await untilLab(carol)).toBe("node3");
    await untilNode3({ hub: { state: "ready" }, load: { servers: 1 } }, 15);
  }, 240_000);
});

describe("an sshd that accepts and then stalls", () => {
  it("is named within the deadline, costs the others nothing, and is reached again when it goes on", async () => {
    lab.run("stall", "node3");
    await untilTrouble("hung-after-accept", 25);
    await bobWorks();
    expect(router.command("nodes")).toMatch(
      /node3 +down .*accepts connections, but did not let us in within 5 s/,
    );
    expect((await carol.go("/admin")).body).toContain("whether sshd is stopped");
    lab.run("resume", "node3");
    await untilNode3({ state: "up" }, 45);
  }, 120_000);
});

describe("a node that comes and goes", () => {
  it("takes no new servers for a while and says so; who works there still gets there", async () => {
    for (let falls = 0; falls < 4 && (await node3()).dampedUntil === null; falls += 1) {
      lab.run("stall", "node3");
      await untilNode3({ state: "down" }, 20);
      lab.run("resume", "node3");
      await untilNode3({ state: "up" }, 45);
    }
    const words = /^unsteady: went down \d times in \d+ min; takes new servers again in \d+ min$/;
    await untilNode3(
      { state: "up", troubles: [{ code: "unsteady", words: expect.stringMatching(words) }] },
      5,
    );
    const { now } = JSON.parse(router.command("explain", "alice", "--json")) as ExplainAnswer;
    const verdict = now.verdicts.find(({ node }) => node === "node3");
    expect(verdict).toMatchObject({ accepted: false, reasons: [expect.stringMatching(words)] });
    expect(await untilLab(carol)).toBe("node3");
  }, 150_000);
});

describe("a host key that has changed", () => {
  it("is refused, shown and audited, until an admin trusts the new one", async () => {
    const key = join(lab.dir, "nodes/node3/ssh_host_ed25519_key");
    lab.run("crash", "node3");
    execFileSync("rm", ["-f", key, `${key}.pub`]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    lab.run("start", "node3");
    const trouble = await untilTrouble("host-key-changed", 45);
    expect(trouble?.remedy).toContain("multijhub trust node3 --replace");
    await eventually(() => {
      expect(router.log()).toMatch(/"audit":"host-key","node":"node3"/);
    }, 5);
    await bobWorks();
    router.command("trust", "node3", "--replace", "--yes");
    await untilNode3({ state: "up" }, 60);
  }, 150_000);
});
