import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseRuntimeRecord } from "../../src/discovery/decide/runtime-record.ts";
import type { UserName } from "../../src/model.ts";
import { createJupyterServer, execute, type JupyterServer } from "../support/jupyter-server.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { recordsOf, runtimeDirectory, serverTokenOf, type PublishedRecord } from "../support/lab-records.ts";
import { pressButton, signInAt, untilLab } from "../support/lab-visitor.ts";
import { eventually } from "../support/wait-for.ts";

/** The runtime record of real servers: what it says, who may read it, and that no server depends on it. */
let lab: Lab;
let router: RouterProcess;

const SITE = `c.Spawner.environment = {"JUPYTER_CONFIG_PATH": "/etc/site-jupyter"}`;
const USERS_OWN = `c.ServerApp.jpserver_extensions = {"jupyter_lsp": True}`;

beforeAll(async () => {
  lab = startLab();
  for (const node of ["node1", "node2", "node3"]) {
    lab.run("sh", node, `mkdir -p /etc/multijhub/hub.d && echo '${SITE}' > /etc/multijhub/hub.d/10-site.py`);
  }
  router = await startRouter(lab);
}, 400_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

/** On the shared home: any node may be asked. */
function sh(command: string, node = "node1"): string {
  return lab.run("sh", node, command).trim();
}

/** Waits until the user's records are as wanted; the answer is the first. */
async function until(user: string, wanted: readonly object[]): Promise<PublishedRecord> {
  await eventually(() => {
    expect(recordsOf(lab, user)).toMatchObject(wanted);
  });
  return recordsOf(lab, user)[0] as PublishedRecord;
}

async function openLab(user: string): Promise<string> {
  return untilLab(await signInAt(router.url, user));
}

function serverOf(user: string, node: string): JupyterServer {
  return createJupyterServer(`${router.url}/n/${node}/user/${user}/`, tokenOf(user));
}

function tokenOf(user: string): string {
  return serverTokenOf(lab, user);
}

/** Present or not: the record is of some moment between the start and the first rest. */
function idleTimesOf(record: object): object {
  return Object.fromEntries(
    ["idleSinceMs", "idleButTabsSinceMs"]
      .filter((name) => name in record)
      .map((name) => [name, expect.any(Number)]),
  );
}

async function stop(user: string): Promise<void> {
  const browser = await signInAt(router.url, user);
  await pressButton(browser, await browser.go("/home"), "/home/stop");
}

describe("the record of a server", () => {
  it("names server, process and place, and nothing secret; the group may read it", async () => {
    const node = await openLab("alice");
    const record = await until("alice", [{ node }]);
    const name = `jhub-${node}-${String(record.pid)}.json`;
    const file = `${runtimeDirectory("alice")}/${name}`;
    expect(sh(`stat -c '%a %U' ${file}`)).toBe("640 alice");
    const stat = sh(`cut -d')' -f2 /proc/${String(record.pid)}/stat`, node).split(" ");
    const { port } = JSON.parse(sh(`cat ${runtimeDirectory("alice")}/jpserver-*.json`)) as {
      readonly port: number;
    };
    expect(record).toEqual({
      version: 1,
      ...{ node, host: node, user: "alice", server: "", baseUrl: `/n/${node}/user/alice/`, port },
      ...{ pid: record.pid, startTicks: Number(stat[19]) },
      bootId: sh("cat /proc/sys/kernel/random/boot_id", node),
      ...{
        startedAtMs: expect.any(Number),
        writtenAtMs: expect.any(Number),
        lastActivityMs: expect.any(Number),
      },
      ...{ kernels: { open: 0, busy: 0 }, terminals: { open: 0, busy: 0 }, connections: 0 },
      ...{ rssBytes: expect.any(Number), cpuSeconds: expect.any(Number) },
      ...idleTimesOf(record),
    });
    const read = parseRuntimeRecord(name, Buffer.from(sh(`cat ${file}`)), "alice" as UserName);
    expect(read).toMatchObject({ kind: "valid" });
    expect(sh(`ls -A ${runtimeDirectory("alice")} | grep -e open.html -e '^[.]jhub' || true`)).toBe("");
    expect(sh(`grep -c ${tokenOf("alice")} ${file} || true`)).toBe("0");
  });

  it("follows kernels, terminals and connections", async () => {
    const { node } = await until("alice", [{}]);
    const server = serverOf("alice", node);
    const kernel = (await server.call("POST", "api/kernels", { name: "python3" })) as { readonly id: string };
    const channels = await server.open(`api/kernels/${kernel.id}/channels`);
    await until("alice", [{ kernels: { open: 1, busy: 0 }, connections: 1 }]);
    await execute(channels, "import time; time.sleep(300)");
    await until("alice", [{ kernels: { open: 1, busy: 1 } }]);
    await server.call("POST", "api/terminals", {});
    const terminal = await server.open("terminals/websocket/1");
    await until("alice", [{ terminals: { open: 1, busy: 0 }, connections: 2 }]);
    terminal.send(JSON.stringify(["stdin", "sleep 300\r"]));
    await until("alice", [{ terminals: { open: 1, busy: 1 } }]);
    terminal.close();
    channels.close();
    await until("alice", [
      { kernels: { open: 1, busy: 1 }, terminals: { open: 1, busy: 1 }, connections: 0 },
    ]);
    await server.call("DELETE", `api/kernels/${kernel.id}`);
    await server.call("DELETE", "api/terminals/1");
    await until("alice", [{ kernels: { open: 0, busy: 0 }, terminals: { open: 0, busy: 0 } }]);
  });

  it("goes with a clean stop, by the hub or by a signal, and stays after a crash", async () => {
    await stop("alice");
    await until("alice", []);
    for (const [signal, left] of [
      ["TERM", []],
      ["KILL", [{}]],
    ] as const) {
      const node = await openLab("alice");
      const { pid } = await until("alice", [{ node }]);
      sh(`kill -${signal} ${String(pid)}`, node);
      await eventually(() => {
        expect(sh(`ps -o stat= -p ${String(pid)} || true`, node)).toMatch(/^(Z.*)?$/); // the hub waits for it later
      });
      expect(recordsOf(lab, "alice")).toMatchObject(left);
    }
  });

  it("is published beside the site's and the user's own Jupyter configuration, unseen by kernels", async () => {
    sh(`su bob -c 'mkdir -p ~/.jupyter && echo "$0" > ~/.jupyter/jupyter_server_config.py' '${USERS_OWN}'`);
    const node = await openLab("bob");
    const { pid } = await until("bob", [{ node }]);
    const environment = sh(`tr '\\0' '\\n' < /proc/${String(pid)}/environ`, node).split("\n");
    expect(environment).toContainEqual(expect.stringMatching(/^JUPYTER_CONFIG_PATH=.*:\/etc\/site-jupyter$/));
    expect(environment.join()).not.toContain("PYTHONPATH");
  });

  it("is not needed: a server without room for it starts, and publishes it once there is room", async () => {
    const folder = runtimeDirectory("carol");
    sh(`su carol -c 'mkdir -p -m 700 ${folder}'`);
    const fill = `mount -t tmpfs -o size=16k,uid=2003,mode=0700 none ${folder} && head -c 16k /dev/zero > ${folder}/full`;
    for (const node of ["node1", "node2", "node3"]) sh(fill, node);
    const node = await openLab("carol");
    const log = "/var/lib/multijhub/log/servers/carol.log";
    const lines = `grep -o 'the runtime record .* written[a-z ]*' ${log} || true`;
    await eventually(() => {
      expect(sh(lines, node)).toMatch(/^the runtime record cannot be written/);
    });
    sh(`rm ${folder}/full`, node);
    await eventually(() => {
      expect(sh(`stat -c %a ${folder}/jhub-${node}-*.json 2>&1 || true`, node)).toBe("640");
    });
    expect(sh(lines, node).split("\n")).toEqual([
      "the runtime record cannot be written ",
      "the runtime record is written again",
    ]);
  });
});
