import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { NodeId, UserName } from "../../src/model.ts";
import { readAnswer, readChallenge, sealOrder } from "../../src/nodes/orders/decide/idle-order.ts";
import { createJupyterServer, execute, type JupyterServer } from "../support/jupyter-server.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  createLabIdleStops,
  idleRecordOf,
  orderFor,
  untilIdle,
  untilRecord,
  type IdleRecord,
  type LabIdleStops,
} from "../support/lab-idle-stops.ts";
import { runtimeDirectory, serverTokenOf } from "../support/lab-records.ts";
import { signInAt, untilLab } from "../support/lab-visitor.ts";
import { waitFor } from "../support/wait-for.ts";

/** "Stop if idle", asked of real servers: those that nobody uses end, and nothing that works does. */
let lab: Lab;
let router: RouterProcess;
let idle: LabIdleStops;

const LIMIT = AbortSignal.timeout(590_000);
const SPIN = "timeout 120 sh -c 'while :; do :; done'";

beforeAll(async () => {
  lab = startLab();
  router = await startRouter(lab);
  idle = await createLabIdleStops(lab);
  await Promise.all(["alice", "bob", "carol"].map(openLab));
}, 400_000);

afterAll(async () => {
  await idle?.close();
  await router?.stop();
  lab?.down();
}, 60_000);

async function openLab(user: string): Promise<string> {
  return untilLab(await signInAt(router.url, user));
}

function until(user: string, isSo: (record: IdleRecord) => boolean): Promise<IdleRecord> {
  return untilRecord(lab, user, isSo);
}

function ask(record: IdleRecord, seconds = 3, ignoresTabs = false) {
  return idle.stops.ask(orderFor(record, seconds, ignoresTabs), LIMIT);
}

function serverOf({ user, node }: IdleRecord): JupyterServer {
  return createJupyterServer(`${router.url}/n/${node}/user/${user}/`, serverTokenOf(lab, user));
}

function isRunning({ node, pid }: IdleRecord): boolean {
  return lab
    .run("sh", node, `ps -o stat= -p ${String(pid)} || true`)
    .trim()
    .startsWith("S");
}

/** A kernel that has been given this to do, and whose tab is closed at once. */
async function leaveComputing(record: IdleRecord, code: string): Promise<void> {
  const server = serverOf(record);
  const kernel = (await server.call("POST", "api/kernels", { name: "python3" })) as { readonly id: string };
  const channels = await server.open(`api/kernels/${kernel.id}/channels`);
  await execute(channels, code);
  channels.close();
}

/** The laptop is closed once the program that the line starts is there. */
async function typeAndLeave(record: IdleRecord, line: string, program: string): Promise<void> {
  const server = serverOf(record);
  const { name } = (await server.call("POST", "api/terminals", {})) as { readonly name: string };
  const terminal = await server.open(`terminals/websocket/${name}`);
  terminal.send(JSON.stringify(["stdin", `${line}\r`]));
  const look = `pgrep -u ${record.user} -cx ${program} || true`;
  await waitFor(`${program} runs`, () => lab.run("sh", record.node, look).trim() !== "0");
  terminal.close();
}

describe("an idle server", () => {
  it("stops; hub, record and claim know at once, and the next start is as any other", async () => {
    const record = await untilIdle(lab, "alice");
    expect(await ask(record)).toEqual({ kind: "stopped" });
    expect(await idle.hubApi.serversOf(record.node as NodeId, "alice" as UserName, LIMIT)).toEqual([]);
    expect(lab.run("sh", "node1", `ls ${runtimeDirectory("alice")}`)).not.toMatch(/jhub-|jpserver-/);
    expect(isRunning(record)).toBe(false);
    expect(await openLab("alice")).toMatch(/^node\d$/);
    expect(idleRecordOf(lab, "alice")?.pid).not.toBe(record.pid);
  });

  it("ends its kernels with it", async () => {
    const record = await until("bob", ({ pid }) => pid > 0);
    await leaveComputing(record, "6 * 7");
    const { node, pid } = await untilIdle(lab, "bob");
    expect(lab.run("sh", node, `pgrep -u bob -cf ipykernel || true`).trim()).toBe("1");
    expect(await ask(record)).toEqual({ kind: "stopped" });
    expect(lab.run("sh", node, `pgrep -u bob -cf ipykernel || true`).trim()).toBe("0");
    expect(idleRecordOf(lab, "bob")?.pid).not.toBe(pid);
    await openLab("bob");
  });
});

describe("a server is spared", () => {
  it("whose kernel has become busy since the plan, or was for a second", async () => {
    const plan = await untilIdle(lab, "alice");
    await leaveComputing(plan, "import time; time.sleep(8)");
    expect(await ask(plan)).toEqual({ kind: "kept", why: "a kernel is busy" });
    await until("alice", ({ idleSinceMs }) => idleSinceMs !== undefined);
    expect(await ask(plan, 60)).toMatchObject({
      kind: "kept",
      why: expect.stringMatching(/^it was used \d+ s ago$/),
    });
    expect(isRunning(plan)).toBe(true);
  });

  it("in whose terminal a program runs, with the laptop closed", async () => {
    const plan = await untilIdle(lab, "bob");
    await typeAndLeave(plan, "sleep 300", "sleep");
    expect(await ask(plan)).toEqual({ kind: "kept", why: "a program runs in a terminal" });
    await serverOf(plan).call("DELETE", "api/terminals/1");
    await typeAndLeave(plan, `nohup ${SPIN} > /dev/null 2>&1 & sleep 0.2; exit`, "timeout");
    await sleep(3000);
    expect(await ask(plan, 2.5)).toEqual({ kind: "kept", why: "its processes compute" });
    expect(lab.run("sh", plan.node, "pgrep -u bob -cx timeout")).toBe("1\n");
    lab.run("sh", plan.node, "pkill -u bob -x timeout");
  });

  it("that computes in silence, in a process that no kernel waits for", async () => {
    const plan = await untilIdle(lab, "alice");
    await leaveComputing(plan, `import subprocess; subprocess.Popen(${JSON.stringify(SPIN)}, shell=True)`);
    await until("alice", ({ idleButTabsSinceMs }) => idleButTabsSinceMs === undefined);
    await sleep(3000);
    expect(await ask(plan, 2.5, true)).toEqual({ kind: "kept", why: "its processes compute" });
    lab.run("sh", plan.node, "pkill -u alice -x timeout");
  });

  it("that is open in a tab, unless tabs are to be left aside", async () => {
    const plan = await untilIdle(lab, "carol");
    const tab = await serverOf(plan).open("api/events/subscribe");
    await sleep(3500);
    expect(await ask(plan)).toEqual({ kind: "kept", why: "a connection to it is open" });
    expect(await ask(plan, 3, true)).toEqual({ kind: "stopped" });
    tab.terminate();
  });

  it("that knows no orders", async () => {
    const disabled = `c.ServerApp.jpserver_extensions = {"multijhub_record": False}`;
    lab.run(
      "sh",
      "node1",
      `su carol -c 'mkdir -p ~/.jupyter && echo "$0" > ~/.jupyter/jupyter_server_config.py' '${disabled}'`,
    );
    const node = await openLab("carol");
    const pid = Number(lab.run("sh", node, "pgrep -u carol -of jupyterhub-singleuser"));
    const record = {
      user: "carol",
      node,
      pid,
      startTicks: 1,
      bootId: "23b9c0b2-2274-4e8c-8def-713702ebab07",
    };
    expect(await ask(record)).toMatchObject({
      kind: "silent",
      why: expect.stringMatching(/takes no orders/),
    });
    expect(isRunning(record)).toBe(true);
  });
});

describe("an order", () => {
  const TOO_LONG_MS = 86_400_000;

  /** As the router would send it, to look at it on the way. */
  async function exchange(record: IdleRecord) {
    const { key, node, process } = orderFor(record, 0);
    const path = `/user/${record.user}/multijhub/stop-if-idle`;
    const opening = await idle.client.call(node, { method: "GET", path }, LIMIT);
    const challenge = readChallenge(opening.text, { key, node }, [idle.token(node)]);
    if (challenge === undefined) throw new Error(`no challenge in ${opening.text}`);
    const body = sealOrder({ key, node, process, idleForMs: TOO_LONG_MS, ignoresTabs: false }, challenge);
    return { node, path, challenge, body };
  }

  it("is carried out once", async () => {
    const record = await until("alice", () => true);
    const { node, path, challenge, body } = await exchange(record);
    const answers = [];
    for (let tries = 0; tries < 2; tries += 1) {
      const { text } = await idle.client.call(node, { method: "POST", path, body }, LIMIT);
      answers.push(readAnswer(text, challenge));
    }
    expect(answers).toEqual([
      { kind: "kept", why: expect.stringMatching(/ago$|compute|open/) },
      { kind: "kept", why: "the order was given before" },
    ]);
  });

  it("of another's key, or with another word in it, is none", async () => {
    const [alice, bob] = [await until("alice", () => true), await until("bob", () => true)];
    const [hers, his] = [await exchange(alice), await exchange(bob)];
    const short = hers.body.replace(String(TOO_LONG_MS), "0");
    expect(short).not.toBe(hers.body);
    const { signed } = JSON.parse(short) as { readonly signed: string };
    const byBob = createHmac("sha256", his.challenge.orderKey).update(`order\0${signed}`).digest("hex");
    for (const body of [short, his.body, JSON.stringify({ signed, mac: byBob }), "{}"]) {
      const { node, path } = hers;
      const { status, text } = await idle.client.call(node, { method: "POST", path, body }, LIMIT);
      expect([status, text]).toEqual([403, ""]);
    }
    expect(isRunning(alice)).toBe(true);
  });

  it("to another process of the server is not carried out", async () => {
    const record = await until("alice", () => true);
    const other = { ...record, startTicks: record.startTicks + 1 };
    const why = "it is another server, or another process of it";
    expect(await ask(other, 0, true)).toEqual({ kind: "kept", why });
  });

  it("is signed with a key that what runs in the server does not inherit", async () => {
    const record = await until("alice", () => true);
    await leaveComputing(
      record,
      "import os; open('keys', 'w').write(str([k for k in os.environ if 'ORDER' in k]))",
    );
    const written = "for i in $(seq 40); do [ -s ~alice/keys ] && break; sleep 0.25; done; cat ~alice/keys";
    expect(lab.run("sh", "node1", written)).toBe("[]");
  });
});
