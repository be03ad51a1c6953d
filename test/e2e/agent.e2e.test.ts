import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { forward, installNode, runAgent, sshArguments, type HubNode } from "../support/hub-node.ts";
import { contentsStatus, servers, startServer } from "../support/hub-server.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** The agent through real sshd on real nodes, with real JupyterHub: what must survive, and what must be refused. */
let lab: Lab;
let node: HubNode;

beforeAll(async () => {
  lab = startLab();
  node = installNode(lab, "node1");
  const { ok, error } = await node.startHub();
  if (!ok) throw new Error(error.message);
  await node.openTunnel();
}, 400_000);

afterAll(() => {
  node?.close();
  lab?.down();
});

function isRunning(pid: number): boolean {
  return node.shell(`test -d /proc/${String(pid)} && echo yes || echo no`).trim() === "yes";
}

/** What the hub's health page answers on that port through a forwarding of this key, if it may be forwarded. */
async function healthThrough(options: readonly string[], port: number): Promise<number | undefined> {
  const tunnel = await forward(options, port);
  try {
    return (await fetch(`${tunnel.url}/n/node1/hub/api/health`)).status;
  } catch {
    return undefined;
  } finally {
    tunnel.process.kill();
  }
}

describe("over ssh", () => {
  it("answers and lets the channel close", async () => {
    expect(await node.startHub()).toMatchObject({ ok: true, result: { changed: false } });
    const { result } = await node.agent("facts", { jupyterhub: node.settings["jupyterhub"] });
    expect(result).toMatchObject({ hostname: "node1", systemd: false });
    expect((result["jupyterhub"] as { version: string }).version).toMatch(/^[56]\./);
    const { result: account } = await node.agent("account", { name: "alice" });
    expect(account).toMatchObject({ account: { name: "alice", uid: 2001, home: "/home/alice" } });
  });

  it("works as ops through sudo", async () => {
    const { result } = await runAgent(
      [...sshArguments(lab, "node1", "ops"), "sudo -n multijhub-agent status"],
      {},
    );
    expect(result).toMatchObject({ state: "ready" });
    const { error } = await runAgent(
      [...sshArguments(lab, "node1", "ops"), "multijhub-agent start-hub"],
      node.settings,
    );
    expect(error.code).toBe("NOT_ROOT");
  });

  it.each(["root", "ops"])("works with a locked key of %s, which allows nothing else", async (account) => {
    const key = join(lab.dir, `locked-${account}`);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const options = 'restrict,port-forwarding,permitopen="127.0.0.1:910",command="multijhub-agent --forced"';
    const home = account === "root" ? "/root" : "/var/lib/ops";
    node.shell(`cat >> ${home}/.ssh/authorized_keys`, `${options} ${readFileSync(`${key}.pub`, "utf8")}`);
    const locked = [...sshArguments(lab, "node1", account, key), "-o", "IdentitiesOnly=yes"];
    const prefix = account === "root" ? "" : "sudo -n ";
    const status = await runAgent([...locked, `${prefix}multijhub-agent status`], {});
    expect(status.result).toMatchObject({ state: "ready" });
    expect(spawnSync("ssh", [...locked, "cat /etc/shadow"], { input: "", encoding: "utf8" })).toMatchObject({
      status: 2,
      stdout: "",
    });
    const ofBob = { ...node.settings, proxyCommand: ["/bin/sh", "-c", "id"] };
    const refused = await runAgent([...locked, `${prefix}multijhub-agent start-hub`], ofBob);
    expect(refused).toMatchObject({ ok: false, error: { code: "BAD_SETTINGS" } });
    expect(await healthThrough(locked, 910)).toBe(200);
    expect(await healthThrough(locked, 912)).toBeUndefined();
  });

  it("shows no secret to other users of the node", () => {
    const token = String(node.settings["serviceToken"]);
    const seen = node.shell(
      'su bob -c \'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /var/lib/multijhub/hub/* /var/lib/multijhub/log/* /run/multijhub/* 2>/dev/null | tr "\\0" " "\'',
    );
    expect(seen).toContain("jupyterhub_config.py");
    expect(seen).not.toContain(token);
    expect(seen).not.toContain(node.shell("cat /var/lib/multijhub/hub/proxy_token").trim());
    expect(node.shell("cat /var/lib/multijhub/log/*.log")).not.toContain(token);
  });
});

describe("a running server", () => {
  it("outlives a restart of the hub with other settings, a killed hub, and a killed proxy", async () => {
    const { server, browser } = await startServer(node);
    const samples = await node.agent("servers");
    expect(samples.result["servers"]).toMatchObject([{ user: "alice", uid: 2001, serverName: "" }]);
    for (const disaster of [
      async () => node.startHub({ adminUsers: ["carol", "bob"] }),
      async () => {
        node.shell("kill -KILL $(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' /run/multijhub/hub.json)");
        return node.startHub();
      },
      async () => {
        node.shell("kill -KILL $(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' /run/multijhub/proxy.json)");
        return node.startHub();
      },
    ]) {
      expect(await disaster()).toMatchObject({ ok: true, result: { changed: true } });
      expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
      expect(await contentsStatus(node, browser)).toBe(200);
    }
  });

  it("is not stopped by a hub that restarts while it cannot answer", async () => {
    const { server, browser } = await startServer(node);
    const fragment = "/etc/multijhub/hub.d/10-impatient.py";
    node.shell(`mkdir -p /etc/multijhub/hub.d && cat > ${fragment}`, "c.Spawner.http_timeout = 1");
    node.shell(`kill -STOP ${String(server.pid)}`);
    expect(await node.startHub()).toMatchObject({ ok: true, result: { changed: true } });
    await sleep(4_000);
    node.shell(`kill -CONT ${String(server.pid)}; rm ${fragment}`);
    expect(await servers(node)).toMatchObject([{ pid: server.pid, startTicks: server.startTicks }]);
    await waitFor("her server to answer", async () => (await contentsStatus(node, browser)) === 200);
  });

  it("is answered to by the proxy while the hub is away", async () => {
    const { browser } = await startServer(node);
    expect(await node.agent("stop-hub")).toMatchObject({ result: { changed: true } });
    expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
    expect(await contentsStatus(node, browser)).toBe(200);
    expect(await node.startHub()).toMatchObject({ ok: true });
  });

  it("is found stopped after a power cut, and nobody else's process is touched", async () => {
    const { server } = await startServer(node);
    node.shell("sync");
    lab.run("crash", "node1");
    lab.run("start", "node1");
    expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
    const bystander = takePid(server.pid);
    const began = Date.now();
    const answer = await node.startHub();
    expect(answer).toMatchObject({ ok: true, result: { changed: true } });
    expect(answer.progress).toContain("the server of alice did not outlive the last hub");
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(isRunning(bystander)).toBe(true);
    await node.openTunnel();
    const { server: again } = await startServer(node);
    expect(again.startTicks).not.toBe(server.startTicks);
    expect(isRunning(bystander)).toBe(true);
  });
});

/** Starts a process of bob's with that very pid, as may happen after a reboot. */
function takePid(pid: number): number {
  node.shell(
    `echo ${String(pid - 1)} > /proc/sys/kernel/ns_last_pid; setpriv --reuid bob --clear-groups sleep 600 >/dev/null 2>&1 & sleep 0.1`,
  );
  return pid;
}

describe("a port", () => {
  it("behind which bob sits is never used, and bob is named", async () => {
    await node.agent("stop-hub", { proxy: true });
    node.shell("sysctl -qw net.ipv4.ip_unprivileged_port_start=0");
    for (const port of [910, 911, 912]) {
      const squatter = `import socket,time; s=socket.create_server(("127.0.0.1",${String(port)})); time.sleep(600)`;
      const pid = node
        .shell(
          `setpriv --reuid bob --regid bob --clear-groups python3 -c '${squatter}' >/dev/null 2>&1 & echo $!; sleep 0.5`,
        )
        .trim();
      const answer = await node.startHub();
      expect(answer).toMatchObject({ ok: false, error: { code: "PORT_TAKEN" } });
      expect(answer.error.message).toContain(
        `port ${String(port)} is taken on 127.0.0.1 by uid 2002 (bob), pid ${pid}`,
      );
      expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
      node.shell(`kill ${pid}; sleep 0.2`);
    }
    expect(await node.startHub()).toMatchObject({ ok: true, result: { changed: true } });
  });
});
