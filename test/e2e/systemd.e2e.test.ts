import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { installNode, type HubNode } from "../support/hub-node.ts";
import { contentsStatus, servers, startServer } from "../support/hub-server.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";
import { cgroupRoot, noControlGroups } from "../support/lab-systemd.ts";

/** Hub and proxy as units of a real systemd, the PID 1 of a node. */
let lab: Lab;
let node: HubNode;
const group = cgroupRoot();
const missing = noControlGroups();
if (missing) process.stderr.write(`systemd.e2e${missing}\n`);

function show(unit: string, ...properties: string[]): Record<string, string> {
  const lines = node
    .shell(`systemctl show -p ${properties.join(",")} ${unit}`)
    .trim()
    .split("\n");
  return Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
}

function mainPid(unit: string): number {
  return Number(show(unit, "MainPID")["MainPID"]);
}

async function startHub(changes: object = {}): Promise<void> {
  expect(await node.startHub(changes)).toMatchObject({ ok: true, result: { changed: true } });
}

(missing ? describe.skip : describe)(`on a node that boots with systemd${missing}`, () => {
  beforeAll(async () => {
    lab = startLab({ init: "systemd" });
    node = installNode(lab, "node1");
    await startHub();
    await node.openTunnel();
  }, 400_000);

  afterAll(() => {
    node?.close();
    lab?.down();
    expect(existsSync(`${group ?? ""}/multijhub-${lab.settings["LAB_BRIDGE"] ?? ""}-node1`)).toBe(false);
  });

  it("runs hub and proxy as units, which end without their servers", async () => {
    expect(node.shell("cat /proc/1/comm; systemctl is-system-running")).toBe("systemd\nrunning\n");
    expect(await node.agent("facts")).toMatchObject({ result: { systemd: true } });
    for (const unit of ["multijhub-hub", "multijhub-proxy"]) {
      const names = ["ActiveState", "KillMode", "OOMPolicy", "OOMScoreAdjust", "TasksMax", "LimitNOFILE"];
      expect(show(unit, ...names)).toEqual({
        ...{ ActiveState: "active", KillMode: "process", OOMPolicy: "continue", OOMScoreAdjust: "-500" },
        ...{ TasksMax: "infinity", LimitNOFILE: "65536" },
      });
      const group = node.shell(`cat /proc/${String(mainPid(unit))}/cgroup`);
      expect(group).toContain(`/system.slice/${unit}.service`);
    }
    const { result } = await node.agent("status");
    expect(result).toMatchObject({ state: "ready", pid: mainPid("multijhub-hub") });
  });

  it("logs where it does elsewhere, and shows no secret in its units", () => {
    expect(node.shell("cat /var/lib/multijhub/log/hub.log")).toContain("JupyterHub is now running");
    const seen = node.shell(
      "su bob -c 'systemctl show multijhub-hub multijhub-proxy 2>&1; systemctl cat multijhub-hub multijhub-proxy 2>&1; cat /run/systemd/system/* /run/systemd/transient/* 2>/dev/null' || true",
    );
    expect(seen).not.toContain(node.shell("cat /var/lib/multijhub/hub/proxy_token").trim());
    expect(seen).not.toContain(String(node.settings["serviceToken"]));
  });

  it("keeps users' servers through every end of the hub", async () => {
    const { server, browser } = await startServer(node);
    const proxy = mainPid("multijhub-proxy");
    for (const end of [
      () => node.shell("systemctl stop multijhub-hub"),
      () => node.shell(`kill -KILL ${String(mainPid("multijhub-hub"))}`),
      () => node.agent("stop-hub"),
    ]) {
      await end();
      expect(await contentsStatus(node, browser)).toBe(200);
      await startHub();
      expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
      expect(await contentsStatus(node, browser)).toBe(200);
    }
    await startHub({ adminUsers: ["carol", "bob"] });
    expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
    expect(mainPid("multijhub-proxy")).toBe(proxy);
  });

  it("recognises a hub that an administrator restarted", async () => {
    const { server } = await startServer(node);
    node.shell("systemctl restart multijhub-hub");
    const pid = mainPid("multijhub-hub");
    await waitFor("the hub is up or given up", async () => {
      const { state } = (await node.agent("status")).result;
      return state !== "starting" && state !== "failing";
    });
    expect(await node.agent("status")).toMatchObject({ result: { state: "ready", pid } });
    expect(await node.startHub({ adminUsers: ["carol", "bob"] })).toMatchObject({
      ok: true,
      result: { changed: false, pid },
    });
    expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
  });

  it("starts a proxy anew that was killed, with the hub", async () => {
    const { server, browser } = await startServer(node);
    node.shell(`kill -KILL ${String(mainPid("multijhub-proxy"))}`);
    await startHub();
    expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
    expect(await contentsStatus(node, browser)).toBe(200);
  });

  it("stops hub and proxy when it is told to", async () => {
    expect(await node.agent("stop-hub", { proxy: true })).toMatchObject({ result: { changed: true } });
    for (const unit of ["multijhub-hub", "multijhub-proxy"]) expect(mainPid(unit)).toBe(0);
    expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
    expect(await servers(node)).toHaveLength(1);
    await startHub();
  });

  it("comes up again after a power cut, without the hub", async () => {
    lab.run("crash", "node1");
    lab.run("start", "node1");
    expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
    await startHub();
    expect(show("multijhub-hub", "ActiveState")).toEqual({ ActiveState: "active" });
  });
});
