import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { startKernel } from "../support/lab-kernel.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import type { CookieBrowser } from "../support/cookie-browser.ts";
import { waitFor } from "../support/wait-for.ts";

/** Hubs that nobody uses, that hang, and whose users' kernels take all memory. The first node is the lobby, and closed. */
const NODE = "node2";
let lab: Lab;
let router: RouterProcess;
let alice: CookieBrowser;

beforeAll(async () => {
  lab = startLab();
  router = await startRouter(lab, { hub: { ...hubOf(lab), stop_empty_after: "8s", hung_after: "8s" } });
  for (const closed of ["node1", "node3"]) router.command("cordon", closed);
  alice = await signInAt(router.url, "alice");
}, 300_000);

afterAll(async () => {
  await router.stop();
  lab.down();
}, 60_000);

function hubOf({ settings }: Lab) {
  return { jupyterhub: settings["LAB_JUPYTERHUB"], proxy_command: [settings["LAB_PROXY"]] };
}

/** Of the service as it was started last, if it still runs. */
function pidOf(name: "hub" | "proxy", node = NODE): number {
  const record = lab.run("sh", node, `cat /run/multijhub/${name}.json 2>/dev/null || echo '{}'`);
  const { pid = 0 } = JSON.parse(record) as { readonly pid?: number };
  return pid > 0 && lab.run("sh", node, `test -d /proc/${pid} && echo yes || echo no`).trim() === "yes"
    ? pid
    : 0;
}

/** When alice's server was started. */
async function started(): Promise<string> {
  const page = await until(alice, `/n/${NODE}/user/alice/api/status`, ({ status }) => status === 200, 60);
  return (JSON.parse(page.body) as { readonly started: string }).started;
}

async function stopServer(): Promise<void> {
  const home = await until(alice, "/home", ({ body }) => body.includes('action="/home/stop'));
  await pressButton(alice, home, "/home/stop");
  await until(alice, "/home", ({ body }) => !body.includes(`/n/${NODE}/user/alice`));
}

const MEMORY_GROUPS = "/sys/fs/cgroup/memory";
const missing = existsSync(`${MEMORY_GROUPS}/memory.limit_in_bytes`)
  ? ""
  : " (SKIPPED: this machine has no memory control groups)";
if (missing) process.stderr.write(`hub-upkeep.e2e: the kill for memory${missing}\n`);

describe("a kernel that takes all memory", () => {
  it("would be ended before hub and proxy", async () => {
    expect(await untilLab(alice)).toBe(NODE);
    const [hub, proxy] = [pidOf("hub"), pidOf("proxy")];
    const server = Number(
      lab.run("sh", NODE, "pgrep -u alice -f 'jupyterhub-singleuser|jupyter-labhub' | head -n 1"),
    );
    const scores = [hub, proxy, server].map((pid) =>
      lab.run("sh", NODE, `cat /proc/${pid}/oom_score_adj`).trim(),
    );
    // Without CAP_SYS_RESOURCE, as in some containers, nothing can be protected: then servers come first.
    expect([
      ["-500", "-500", "0"],
      ["0", "0", "300"],
    ]).toContainEqual(scores);
  }, 180_000);

  (missing ? it.skip : it)(
    `is ended, and neither its server nor hub nor proxy are${missing}`,
    async () => {
      expect(await untilLab(alice)).toBe(NODE);
      const [hub, proxy, before] = [pidOf("hub"), pidOf("proxy"), await started()];
      const kernel = await startKernel(router.url, alice, `/n/${NODE}/user/alice/`);
      const group = limitMemory(1024);
      try {
        const hog = "x = []\nwhile True: x.append(bytearray(b'x' * 50_000_000))\n1";
        await expect(kernel.evaluate(hog, 20_000)).rejects.toThrow();
        await waitFor("a kill by the kernel", () => killsIn(group) > 0, { withinMs: 30_000 });
        expect([pidOf("hub"), pidOf("proxy"), await started()]).toEqual([hub, proxy, before]);
      } finally {
        letGoOf(group);
      }
    },
    180_000,
  );
});

describe("a hub that hangs", () => {
  it("is left alone while a home hangs, and started anew when all else is well; its servers go on", async () => {
    expect(await untilLab(alice)).toBe(NODE);
    const [hub, before] = [pidOf("hub"), await started()];
    try {
      await whileHomeHangs("alice", async () => {
        lab.run("sh", NODE, `kill -STOP ${hub}`);
        await waitFor("a refusal", () => router.log().includes("nor does the home"), { withinMs: 90_000 });
        expect(pidOf("hub")).toBe(hub);
      });
      await waitFor("another hub", () => ![0, hub].includes(pidOf("hub")), { withinMs: 120_000 });
    } finally {
      lab.run("sh", NODE, `kill -CONT ${hub} 2>/dev/null || true`);
    }
    expect(await started()).toBe(before);
    const nodes = JSON.parse(router.command("nodes", "--json")) as object;
    expect(JSON.stringify(nodes)).not.toContain("failing");
  }, 300_000);
});

async function whileHomeHangs(user: string, act: () => Promise<void>): Promise<void> {
  const release = await hangHome(user);
  try {
    await act();
  } finally {
    await release();
  }
}

/** Mounts over a home of the node what never answers. */
async function hangHome(user: string): Promise<() => Promise<void>> {
  const inside = ["--mount", "--target", initOf(NODE)];
  const program = readFileSync("test/support/hanging-home.py");
  const server = spawn("nsenter", [...inside, "python3", "-", `/home/${user}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  server.stdin.end(program);
  await once(server.stdout, "data");
  return async () => {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
    // Not umount(8), which looks into a /proc of another pid namespace.
    const unmount = `import ctypes; ctypes.CDLL(None).umount2(b"/home/${user}", 2)`;
    execFileSync("nsenter", [...inside, "python3", "-c", unmount]);
  };
}

describe("a hub that nobody uses", () => {
  it("is stopped with its proxy, and comes back for whoever needs it", async () => {
    expect(await untilLab(alice)).toBe(NODE);
    await stopServer();
    await waitFor("the end of the hub", () => pidOf("hub") === 0 && pidOf("proxy") === 0);
    expect(pidOf("hub", "node1")).toBeGreaterThan(0);
    expect(await untilLab(alice)).toBe(NODE);
  }, 240_000);

  it("is not missed by anybody, however often it is stopped under those who come", async () => {
    for (let round = 0; round < 2; round += 1) {
      await stopServer();
      const stops = stopAgainAndAgain();
      let said: string;
      try {
        const page = await until(
          alice,
          "/",
          ({ path, status }) => status >= 400 || path.includes("/user/alice/lab"),
        );
        expect([page.status, page.path]).toEqual([200, expect.stringContaining(`/n/${NODE}/user/alice/lab`)]);
      } finally {
        said = await stops.end();
      }
      expect(said).toContain("HUB_IN_USE");
    }
  }, 240_000);
});

/** As another router would that has not heard of anybody. */
function stopAgainAndAgain() {
  const order = JSON.stringify({ proxy: true, onlyIfEmpty: true });
  const script = `while [ ! -e /tmp/enough ]; do echo '${order}' | multijhub-agent stop-hub; done; rm /tmp/enough`;
  const loop = spawn(resolve("scripts/lab"), ["sh", NODE, script], {
    env: labEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  loop.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  return {
    async end(): Promise<string> {
      const gone = once(loop, "exit");
      lab.run("sh", NODE, "touch /tmp/enough");
      await gone;
      return said;
    },
  };
}

function labEnvironment() {
  return { ...process.env, ...lab.settings };
}

/** Puts all processes of the node into a memory group of so many MiB. */
function limitMemory(mib: number): string {
  const group = `${MEMORY_GROUPS}/multijhub-upkeep`;
  mkdirSync(group, { recursive: true });
  writeFileSync(join(group, "memory.limit_in_bytes"), String(mib * 1024 * 1024));
  for (const pid of processesOf(NODE)) writeFileSync(join(group, "cgroup.procs"), pid);
  return group;
}

/** By their pids outside: all that share the pid namespace of the node's init. */
function processesOf(node: string): readonly string[] {
  const namespace = namespaceOf(initOf(node));
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace);
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function initOf(node: string): string {
  return (
    readFileSync(join(lab.dir, "nodes", node, "pid"), "utf8")
      .trim()
      .split(/\s/)[0] ?? ""
  );
}

/** A group that is over; its processes go back to where they were. */
function letGoOf(group: string): void {
  for (const pid of processesOf(NODE)) writeFileSync(join(group, "..", "cgroup.procs"), pid);
  rmdirSync(group);
}

function killsIn(group: string): number {
  return Number(/oom_kill (\d+)/.exec(readFileSync(join(group, "memory.oom_control"), "utf8"))?.[1] ?? 0);
}
