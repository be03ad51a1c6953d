import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { restartRouter, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  comeBack,
  eventually,
  putToWork,
  servicePid,
  whereIs,
  type AtWork,
} from "../support/lab-recovery.ts";
import { recordsOf, runtimeDirectory } from "../support/lab-records.ts";
import { noControlGroups } from "../support/lab-systemd.ts";
import { pressButton } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/** Servers that are units of a real systemd, by the very fragment of docs/spawners. */
let lab: Lab;
let router: RouterProcess;
let alice: AtWork;
const missing = noControlGroups();
if (missing) process.stderr.write(`spawners-systemd.e2e${missing}\n`);

const FOR_THIS_LAB = `c.SystemdSpawner.mem_limit = "600M"\nc.SystemdSpawner.cpu_limit = 1.5`;
const UNIT = "jupyter-alice-singleuser.service";

function sh(command: string): string {
  return lab.run("sh", "node1", command).trim();
}

function show(...properties: string[]): Record<string, string> {
  const lines = sh(`systemctl show -p ${properties.join(",")} ${UNIT}`).split("\n");
  return Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
}

function mainPid(): number {
  return Number(show("MainPID")["MainPID"]);
}

/** What the kernel itself says of the unit's control group, by version 2 or 1. */
function limit(modern: string, old: string): string {
  const group = `system.slice/${UNIT}`;
  return sh(
    `cat /sys/fs/cgroup/${group}/${modern} 2>/dev/null || cat /sys/fs/cgroup/${old.replace("GROUP", group)}`,
  );
}

(missing ? describe.skip : describe)(`servers as units of systemd${missing}`, () => {
  beforeAll(async () => {
    lab = startLab({ init: "systemd", nodes: 1 });
    const text = `${readFileSync("docs/spawners/systemd.py", "utf8")}\n${FOR_THIS_LAB}\n`;
    const folder = "/etc/multijhub/hub.d";
    sh(
      `mkdir -p ${folder} && echo ${Buffer.from(text).toString("base64")} | base64 -d > ${folder}/20-systemd.py`,
    );
    router = await startRouter(lab, { listen: { host: "127.0.0.1", port: await freePort() } });
    alice = await putToWork(router, "alice");
  }, 300_000);

  afterAll(async () => {
    await router?.stop();
    lab?.down();
  }, 60_000);

  it("have limits that are in force, a record and a claim", async () => {
    expect(show("ActiveState", "MemoryMax", "CPUQuotaPerSecUSec", "User", "NoNewPrivileges")).toEqual({
      ...{ ActiveState: "active", MemoryMax: String(600 << 20), CPUQuotaPerSecUSec: "1.500000s" },
      ...{ User: "2001", NoNewPrivileges: "yes" },
    });
    expect(limit("memory.max", "memory/GROUP/memory.limit_in_bytes")).toBe(String(600 << 20));
    expect(limit("cpu.max", "cpu/GROUP/cpu.cfs_quota_us")).toMatch(/^150000/);
    const pid = mainPid();
    await eventually(() => {
      expect(whereIs(router, "alice")).toMatchObject({
        kind: "found",
        servers: [{ node: "node1", evidence: "hub-list", record: { pid, host: "node1" } }],
        home: { claims: [{ server: "", node: "node1" }] },
      });
    });
  });

  it("come back as they were after an administrator restarted their hub", async () => {
    const pid = mainPid();
    sh("systemctl restart multijhub-hub");
    await comeBack(alice, Date.now());
    expect(mainPid()).toBe(pid);
  });

  it("come back as they were after router and hub were killed at once", async () => {
    const pid = mainPid();
    const gone = new Promise((done) => router.process.once("exit", done));
    sh("systemctl kill --kill-whom=main --signal=KILL multijhub-hub");
    router.process.kill("SIGKILL");
    await gone;
    router = await restartRouter(router);
    await comeBack(alice, Date.now());
    expect(mainPid()).toBe(pid);
  });

  it("lose a kernel that takes too much memory, and nothing else", async () => {
    const bob = await putToWork(router, "bob");
    const before = [mainPid(), servicePid(lab, "node1", "hub"), servicePid(lab, "node1", "proxy")];
    const eaten = alice.kernel.evaluate("y = b'1' * (900 << 20); 1", 20_000);
    await expect(eaten).rejects.toThrow();
    expect([mainPid(), servicePid(lab, "node1", "hub"), servicePid(lab, "node1", "proxy")]).toEqual(before);
    expect(await bob.kernel.evaluate("x + 1")).toBe("42");
    await eventually(async () => {
      expect(await alice.kernel.evaluate("6 * 7", 5000)).toBe("42");
    });
  });

  it("are gone after a stop, with record and claim", async () => {
    await pressButton(alice.browser, await alice.browser.go("/home"), "/home/stop");
    await eventually(() => {
      expect(show("ActiveState", "MainPID")).toEqual({ ActiveState: "inactive", MainPID: "0" });
      expect(recordsOf(lab, "alice")).toEqual([]);
      expect(sh(`ls ${runtimeDirectory("alice")} | grep jhub-claim || true`)).toBe("");
    }, 30);
  });
});
