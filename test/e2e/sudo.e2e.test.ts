import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compute, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Nodes where root may not log in: everything through `ops`, who may use sudo. */
const SUDOERS = "/etc/sudoers.d/lab";

let lab: Lab;
let router: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  const hosts = join(lab.dir, "hosts.ops");
  const asRoot = readFileSync(join(lab.dir, "hosts"), "utf8");
  writeFileSync(hosts, asRoot.replaceAll("user=root", "user=ops become=sudo"));
  const ssh = { key_file: lab.settings["LAB_KEY"], known_hosts: [] };
  router = await startRouter(lab, { hosts_file: hosts, ssh }, [["trust", "--all", "--yes"]]);
}, 400_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
});

interface Outcome {
  readonly result?: { readonly outcome: string };
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** `provision` of one node; it ends with 1 where that failed. */
function provision(node: string): Outcome | undefined {
  const told = runCommand("provision", node, "--json");
  return (JSON.parse(told) as Outcome[])[0];
}

function runCommand(...args: string[]): string {
  try {
    return router.command(...args);
  } catch (err) {
    return String((err as { stdout: unknown }).stdout);
  }
}

interface NodesAnswer {
  readonly nodes: readonly { readonly node: string; readonly state: string; readonly detail: string }[];
}

async function nodeSaying(name: string, pattern: RegExp): Promise<string> {
  return waitFor(`${name} says ${String(pattern)}`, () => {
    const { nodes } = JSON.parse(router.command("nodes", "--json")) as NodesAnswer;
    const found = nodes.find(({ node }) => node === name);
    const said = `${found?.state ?? ""} ${found?.detail ?? ""}`;
    return pattern.test(said) && said;
  });
}

function installed(node: string): string {
  return lab.run("sh", node, "ls -d /usr/local/lib/multijhub* /usr/local/bin/multijhub* 2>/dev/null || true");
}

describe("through sudo", () => {
  it("leads alice from the sign-in form to 42, and nothing but sudo made anybody root", async () => {
    expect(await compute(router, "alice")).toBe("42");
    const { servers } = JSON.parse(router.command("where", "alice", "--json")) as {
      servers: readonly { readonly node: string }[];
    };
    const node = servers[0]?.node ?? "";
    const sessions = lab.run("sh", node, "ps -o args= -C sshd | grep -c '^sshd: ops'");
    expect(Number(sessions)).toBeGreaterThan(0);
    expect(lab.run("sh", node, "stat -c %U /proc/$(pgrep -of jupyterhub_config)").trim()).toBe("root");
  });

  it("needs no more than the agent once that is installed", async () => {
    lab.run(
      "sh",
      "node1",
      `echo 'ops ALL=(root) NOPASSWD: /usr/local/bin/multijhub-agent' > ${SUDOERS}; pkill -u ops sshd`,
    );
    expect(await nodeSaying("node1", /^up/)).toMatch(/^up/);
    expect(await compute(router, "bob")).toBe("42");
    expect(provision("node1")).toMatchObject({ error: { code: "NOT_ROOT" } });
  });
});

describe("what sudo refuses", () => {
  it.each([
    ["asks for a password", "echo 'ops ALL=(ALL) ALL'", "wants a password"],
    ["knows nothing of the account", "true", "password|does not allow it"],
    [
      "wants a terminal",
      "echo 'Defaults requiretty'; echo 'ops ALL=(ALL) NOPASSWD: ALL'",
      "wants a password",
    ],
  ])("is told with its remedy, and nothing is half-installed, where sudo %s", (_, rules, words) => {
    lab.run("sh", "node3", `{ ${rules}; } > ${SUDOERS}; rm -rf /usr/local/{lib,bin}/multijhub*`);
    const outcome = provision("node3");
    expect(outcome?.error).toMatchObject({ code: "NOT_ROOT" });
    expect(outcome?.error?.message).toMatch(new RegExp(words));
    expect(outcome?.error?.remedy).toContain("NOPASSWD");
    expect(installed("node3")).toBe("");
  });

  it("is shown in `nodes` while the router runs, and over when it is allowed again", async () => {
    lab.run("sh", "node2", `echo 'ops ALL=(ALL) ALL' > ${SUDOERS}; pkill -u ops sshd`);
    expect(await nodeSaying("node2", /^down/)).toContain("sudo on node2 wants a password");
    lab.run("sh", "node2", `echo 'ops ALL=(ALL) NOPASSWD: ALL' > ${SUDOERS}`);
    expect(await nodeSaying("node2", /^up/)).toMatch(/^up/);
  });

  it("is told where there is no sudo at all", () => {
    lab.run("sh", "node3", "rm /usr/bin/sudo");
    expect(provision("node3")?.error).toMatchObject({ code: "NOT_ROOT" });
    expect(provision("node3")?.error?.message).toContain("is not installed");
    expect(installed("node3")).toBe("");
  });
});
