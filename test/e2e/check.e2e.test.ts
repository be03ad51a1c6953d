import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Finding } from "../../src/checks/decide/finding.ts";
import { createNodeClocks } from "../support/lab-clock.ts";
import { type Lab, type RouterProcess, startLab, startRouter } from "../support/lab.ts";

/** `multijhub check` on real nodes: all well, then one thing after the other broken, beside a router that runs. */
let lab: Lab;
let router: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  router = await startRouter(lab, { home: { path: join(lab.dir, "home/{user}") } });
}, 300_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

/** What is not well, and how the command ended. */
function check(...args: string[]): { readonly code: number; readonly bad: readonly Finding[] } {
  let code = 0;
  let out: string;
  try {
    out = router.command("check", "--user", "alice", "--json", ...args);
  } catch (err) {
    const failure = err as { status: number; stdout: string };
    code = failure.status;
    out = failure.stdout;
  }
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  return { code, bad: findings.filter(({ level }) => level !== "ok") };
}

function inBackground(node: string, command: string): string {
  return lab.run("sh", node, `setsid ${command} >/dev/null 2>&1 </dev/null & echo $!; sleep 0.5`).trim();
}

function changeHostKey(node: string): void {
  const key = join(lab.dir, `nodes/${node}/ssh_host_ed25519_key`);
  lab.run("crash", node);
  execFileSync("rm", ["-f", key, `${key}.pub`]);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  lab.run("start", node);
}

describe("a lab where all is well", () => {
  it("has nothing that is not ok", () => {
    expect(check()).toEqual({ code: 0, bad: [] });
  });
});

describe("a lab with one thing broken", () => {
  it.each<[string, string, string, string, RegExp, RegExp]>([
    [
      "node2",
      "groupdel multijhub",
      "groupadd -g 2100 multijhub",
      "home group",
      /on node2/,
      /groupadd --gid 2100/,
    ],
    [
      "node2",
      "mount -t tmpfs none /home && install -d -o alice /home/alice /home/carol",
      "umount /home",
      "homes",
      /on node2 is not the one on node1/,
      /nfs-setup\/client node/,
    ],
    [
      "node3",
      "usermod -u 2999 alice",
      "usermod -u 2001 alice",
      "accounts",
      /2999 on node3/,
      /usermod -u 2001/,
    ],
    [
      "node1",
      "mv /usr/local/lib/multijhub/.content-sha256 /tmp; echo old > /usr/local/lib/multijhub/.content-sha256",
      "mv /tmp/.content-sha256 /usr/local/lib/multijhub/",
      "agent",
      /another one/,
      /multijhub provision node1/,
    ],
    [
      "node3",
      "echo '* hard nproc 200' > /etc/security/limits.d/90-low.conf",
      "rm /etc/security/limits.d/90-low.conf",
      "PAM limits",
      /users may have 200 processes/,
      /raise it in \/etc\/security\/limits\.d\/90-low\.conf/,
    ],
  ])("names it and its remedy: on %s, %s", (node, broken, mended, name, message, remedy) => {
    lab.run("sh", node, broken);
    const { bad } = check();
    lab.run("sh", node, mended);
    const found = bad.filter((finding) => finding.check === name);
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.remedy).toMatch(remedy);
    expect(check().bad).toEqual([]);
  });

  it("names who has a port of the hub", () => {
    const serve = `python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 911)); import time; time.sleep(600)'`;
    const caps = "--inh-caps=+net_bind_service --ambient-caps=+net_bind_service";
    const pid = inBackground("node3", `setpriv --reuid=bob --regid=bob --clear-groups ${caps} ${serve}`);
    const { code, bad } = check();
    expect(code).toBe(1);
    expect(bad).toMatchObject([{ subject: "node3", check: "ports", level: "wrong" }]);
    expect(bad[0]?.message).toMatch(/port 911 is taken .* by bob/);
    lab.run("sh", "node3", `kill ${pid}`);
  });

  it("names a clock that is ten minutes ahead", () => {
    const clocks = createNodeClocks(lab);
    clocks.set("node3", 600);
    const { code, bad } = check();
    clocks.set("node3", 0);
    expect(code).toBe(1);
    expect(bad).toMatchObject([
      { subject: "node3", check: "clock", level: "wrong", remedy: expect.stringContaining("set-ntp true") },
    ]);
    expect(bad[0]?.message).toMatch(/^the clock is (599|600|601) s ahead/);
  });

  it("names an sshd that accepts connections and stalls, within its deadline", () => {
    lab.run("stall", "node3");
    const beganAtMs = Date.now();
    const { code, bad } = check();
    const tookMs = Date.now() - beganAtMs;
    lab.run("resume", "node3");
    expect(code).toBe(1);
    expect(bad).toMatchObject([{ subject: "node3", check: "reachable", level: "wrong" }]);
    expect(bad[0]?.message).toMatch(/accepts connections, but did not let us in within 10 s/);
    expect(bad[0]?.remedy).toContain("whether sshd is stopped");
    expect(tookMs).toBeLessThan(90_000);
    expect(check().bad).toEqual([]);
  });

  it("warns of a culler that runs already, and does not fail", () => {
    const pid = inBackground("node1", "bash -c 'exec -a jupyterhub-idle-culler sleep 600'");
    const { code, bad } = check();
    expect(code).toBe(0);
    expect(bad).toMatchObject([{ subject: "node1", check: "other hubs", level: "warning" }]);
    lab.run("sh", "node1", `kill ${pid}`);
  });

  it("names a node that is off, and one whose host key has changed", () => {
    changeHostKey("node2");
    lab.run("crash", "node3");
    const { code, bad } = check();
    expect(code).toBe(1);
    expect(bad).toMatchObject([
      {
        subject: "node2",
        check: "reachable",
        remedy: expect.stringContaining("multijhub trust node2 --replace"),
      },
      { subject: "node3", check: "reachable", level: "wrong" },
    ]);
    expect(check("node1")).toEqual({ code: 0, bad: [] });
  });
});
