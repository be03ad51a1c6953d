import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { startLab, type Lab } from "../support/lab.ts";

/** The lab itself: what other tests, and people, rely on when they build on it. */
interface Status {
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly state: string;
    readonly pid: number | null;
  }[];
}

let lab: Lab;

beforeAll(() => {
  lab = startLab();
}, 400_000);

afterAll(() => {
  lab?.down();
}, 60_000);

/** What a lab must not leave on the host: its network devices and mounts. Other labs may come and go beside it. */
function tracesOnHost(): { readonly devices: string[]; readonly mounts: string[] } {
  const { LAB_BRIDGE: bridge = "" } = lab.settings;
  const links = execFileSync("ip", ["-o", "link"], { encoding: "utf8" }).split("\n");
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return {
    devices: links.map((line) => line.split(": ")[1] ?? "").filter((name) => name.startsWith(bridge)),
    mounts: mounts.filter((line) => line.includes(lab.dir)),
  };
}

function sh(node: string, command: string): string {
  return lab.run("sh", node, command).trim();
}

function status(): Status {
  return JSON.parse(lab.run("status", "--json")) as Status;
}

function stateOf(node: string): string | undefined {
  return status().nodes.find(({ name }) => name === node)?.state;
}

describe("the lab", () => {
  it("has three nodes, each a machine of its own", () => {
    expect(status().nodes.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "node1 up",
      "node2 up",
      "node3 up",
    ]);
    for (const file of ["/proc/sys/kernel/random/boot_id", "/etc/machine-id", "/etc/hostname"]) {
      const values = ["node1", "node2", "node3"].map((node) => sh(node, `cat ${file}`));
      expect(new Set(values).size).toBe(3);
    }
  });

  it("shares the homes, and neither /tmp nor the local disk", () => {
    sh("node1", "touch /tmp/mark /var/lib/mark; su alice -c 'touch ~/mark'");
    const seen = sh("node2", "ls /tmp/mark /var/lib/mark /home/alice/mark 2>/dev/null || true");
    expect(seen).toBe("/home/alice/mark");
  });

  it("lets every user run JupyterHub's server, JupyterLab and the proxy", () => {
    const { LAB_JUPYTERHUB = "", LAB_PROXY = "" } = lab.settings;
    const versions = sh(
      "node3",
      `su - alice -c '${LAB_JUPYTERHUB}-singleuser --version && ${LAB_PROXY} --version'`,
    );
    expect(versions).toMatch(/^\d+\.\d+.*\n\d+\.\d+/);
  });

  it("shows the load it was told, as often as it is told", () => {
    lab.run("load", "node2", "3.5", "8000", "1234");
    expect(sh("node2", "cut -d' ' -f1 /proc/loadavg; free -m | awk '/^Mem/ {print $2, $7}'")).toBe(
      "3.50\n8000 1234",
    );
    lab.run("load", "node2", "0.25", "16000", "15000");
    expect(sh("node2", "cut -d' ' -f1 /proc/loadavg; free -m | awk '/^Mem/ {print $2, $7}'")).toBe(
      "0.25\n16000 15000",
    );
  });

  it("loses power on one node and keeps its disk, its host key and its load", () => {
    const boot = sh("node2", "echo kept >/var/lib/kept; cat /proc/sys/kernel/random/boot_id");
    lab.run("crash", "node2");
    expect(stateOf("node2")).toBe("down");
    expect(stateOf("node1")).toBe("up");
    lab.run("start", "node2");
    expect(sh("node2", "cat /var/lib/kept; cut -d' ' -f1 /proc/loadavg; ls /tmp")).toBe("kept\n0.25");
    expect(sh("node2", "cat /proc/sys/kernel/random/boot_id")).not.toBe(boot);
  });

  it("runs what the router runs without any privilege", () => {
    expect(lab.run("as-router", "id", "-u").trim()).toBe(lab.settings["LAB_ROUTER_UID"]);
    expect(lab.run("as-router", "cat", lab.settings["LAB_KEY"] ?? "")).toContain("PRIVATE KEY");
    expect(() => lab.run("as-router", "cat", "/etc/shadow")).toThrow();
  });

  it("refuses what it does not know, and says what there is", () => {
    expect(() => lab.run("crash", "node9")).toThrow();
    expect(() => lab.run("load", "node1", "high", "1", "1")).toThrow();
  });

  it("leaves nothing behind", () => {
    const pids = status().nodes.map(({ pid }) => pid);
    expect(tracesOnHost().devices).toHaveLength(4); // the bridge, and a cable to each node
    lab.down();
    expect(tracesOnHost()).toEqual({ devices: [], mounts: [] });
    expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(existsSync(lab.dir)).toBe(false);
  });
});
