import { describe, expect, it } from "@jest/globals";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExplainAnswer, NodeAnswer, NodesAnswer } from "../../src/router/admin/decide/api-views.ts";
import { restartRouter, useLab } from "../support/lab.ts";
import { comeBack, eventually, putToWork, type AtWork } from "../support/lab-recovery.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/** An admin who edits one file, and walks away. The lab has four nodes, the file names three at first. */
let alice: AtWork;
let lines: readonly string[];

const site = useLab({
  nodes: 4,
  async arrange() {
    lines = readFileSync(hostsFile(), "utf8").trim().split("\n");
    write(lines.slice(0, 3));
    return { listen: { host: "127.0.0.1", port: await freePort() } };
  },
});

function hostsFile(): string {
  return join(site.lab.dir, "hosts");
}

/** As most editors do: another file takes its place. */
function write(text: readonly string[]): void {
  writeFileSync(`${hostsFile()}.new`, `${text.join("\n")}\n`);
  renameSync(`${hostsFile()}.new`, hostsFile());
}

function shown(): NodesAnswer {
  return JSON.parse(site.router.command("nodes", "--json")) as NodesAnswer;
}

function node4(): NodeAnswer | undefined {
  return shown().nodes.find(({ node }) => node === "node4");
}

describe("an edit of the hosts file", () => {
  it("adds a node: the agent is installed there, and a user lands on it", async () => {
    expect(node4()).toBeUndefined();
    expect(site.lab.run("sh", "node4", "command -v multijhub-agent || echo none").trim()).toBe("none");
    write([...lines.slice(0, 3), `${lines[3] ?? ""} weight=90`]);
    await eventually(() => {
      expect(node4()).toMatchObject({ state: "up", troubles: [], leaving: false });
    }, 15);
    await eventually(() => {
      expect(site.router.log()).toMatch(/"audit":"provision","by":"router","node":"node4"/);
    }, 5);
    alice = await putToWork(site.router, "alice");
    expect(alice.node).toBe("node4");
    expect(node4()?.hub).toMatchObject({ state: "ready", version: expect.stringMatching(/^\d/) });
  }, 120_000);

  it("removes it while she works there: she stays and comes back, others go elsewhere", async () => {
    write(lines.slice(0, 3));
    await eventually(() => {
      expect(node4()).toMatchObject({ state: "up", leaving: true, closure: { state: "draining" } });
    }, 12);
    expect(await alice.kernel.evaluate("x + 1")).toBe("42");
    await comeBack(alice, Date.now());
    const { now } = JSON.parse(site.router.command("explain", "bob", "--json")) as ExplainAnswer;
    const verdict = now.verdicts.find(({ node }) => node === "node4");
    expect(verdict).toMatchObject({ accepted: false, reasons: ["draining, as it has left the hosts file"] });
    expect(now.node).toMatch(/^node[123]$/);
  }, 120_000);

  it("that cannot be taken changes nothing, also over a restart of the router, and is shown with its line", async () => {
    write([...lines.slice(0, 2), "node3 adress=10.0.0.3"]);
    const problem = { line: 3, message: expect.stringContaining("adress") as unknown };
    await eventually(() => {
      expect(shown().problems).toMatchObject([problem]);
    }, 12);
    await site.router.stop();
    site.router = await restartRouter(site.router);
    expect(shown().problems).toMatchObject([problem]);
    await eventually(() => {
      expect(shown().nodes.map(({ node, state }) => `${node} ${state}`)).toEqual([
        "node1 up",
        "node2 up",
        "node3 up",
        "node4 up",
      ]);
    }, 15);
    expect(node4()).toMatchObject({ leaving: true });
    await comeBack(alice, Date.now());
    const carol = await signInAt(site.router.url, "carol");
    expect((await carol.go("/admin")).body).toMatch(/hosts file needs attention[\s\S]*line 3:[\s\S]*adress/);
  }, 120_000);

  it("that empties it is no better, and a faultless one is taken at once", async () => {
    write([]);
    await eventually(() => {
      expect(shown()).toMatchObject({ problems: [{ message: expect.stringMatching(/no host/i) }] });
    }, 12);
    expect(shown().nodes).toHaveLength(4);
    write(lines.slice(0, 3).map((line) => `${line} labels=mended`));
    await eventually(() => {
      expect(shown()).toMatchObject({ problems: [], nodes: [{ labels: ["mended"] }, {}, {}, {}] });
    }, 12);
  }, 120_000);

  it("lets the removed node go once she has stopped her server", async () => {
    await pressButton(alice.browser, await alice.browser.go("/home"), "/home/stop");
    await until(alice.browser, "/home", ({ body }) => body.includes("You have no running server."), 30);
    await eventually(() => {
      expect(node4()).toBeUndefined();
    }, 25);
    expect(await untilLab(alice.browser)).toMatch(/^node[123]$/);
  }, 150_000);

  it("adds a node where the key may do nothing but call the agent, and says what to run", async () => {
    const keys = "/root/.ssh/authorized_keys";
    const lock = 'restrict,port-forwarding,command="multijhub-agent --forced" ';
    site.lab.run("sh", "node4", `rm /usr/local/bin/multijhub-agent && sed -i 's/^ssh/${lock}ssh/' ${keys}`);
    site.lab.run("crash", "node4");
    site.lab.run("start", "node4");
    write(lines);
    await eventually(() => {
      expect(node4()).toMatchObject({
        state: "down",
        troubles: [{ code: "agent-missing", remedy: "multijhub provision node4" }],
      });
    }, 12);
    await eventually(() => {
      expect(site.router.log()).toMatch(/"node":"node4".*agent not installed/);
    }, 12);
  }, 60_000);
});
