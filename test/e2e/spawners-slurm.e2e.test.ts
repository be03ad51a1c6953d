import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { restartRouter, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  comeBack,
  eventually,
  putToWork,
  serverPids,
  servicePid,
  whereIs,
  type AtWork,
} from "../support/lab-recovery.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/**
 * Servers that are jobs of a real Slurm: the hub on node1, which submits them, the servers on node2, by the very
 * fragment of docs/spawners. The lobby is node2's, so that nothing but jobs keeps node1's hub up.
 */
let lab: Lab;
let router: RouterProcess;
let alice: AtWork;

const needed = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged", "/usr/bin/sbatch"];
const absent = needed.filter((file) => !existsSync(file));
const missing =
  absent.length === 0 ? "" : ` (SKIPPED: no ${absent.join(", ")}; scripts/install-deps --slurm)`;
if (missing) process.stderr.write(`spawners-slurm.e2e${missing}\n`);

/** How long a server may take once its job runs; a job may wait in the queue for much longer. */
const START_TIMEOUT_S = 12;
const FOR_THIS_LAB = `c.SlurmSpawner.req_memory = "700M"`;

function sh(node: string, command: string): string {
  return lab.run("sh", node, `export LC_ALL=C; ${command}`).trim();
}

/** A user's jobs, as "ID STATE MACHINE". */
function jobsOf(user: string): string {
  return sh("node1", `squeue -h -u ${user} -o '%i %T %N'`);
}

function configureNode(): void {
  const fragment = readFileSync("docs/spawners/slurm.py", "utf8");
  const folder = "/etc/multijhub/hub.d";
  const text = Buffer.from(`${fragment}\n${FOR_THIS_LAB}\n`).toString("base64");
  sh("node1", `mkdir -p ${folder} && echo ${text} | base64 -d > ${folder}/20-slurm.py`);
  const { LAB_NET: net = "" } = lab.settings;
  const edge = `node1 address=${net}.11 user=root places=jobs max_servers=4`;
  writeFileSync(join(lab.dir, "hosts"), `${edge}\nnode2 address=${net}.12 user=root max_servers=0\n`);
}

(missing ? describe.skip : describe)(`servers as jobs of Slurm${missing}`, () => {
  beforeAll(async () => {
    lab = startLab({ nodes: 2 });
    lab.run("slurm");
    configureNode();
    router = await startRouter(lab, {
      listen: { host: "127.0.0.1", port: await freePort() },
      lobby: ["node2"],
      server: { start_timeout: `${START_TIMEOUT_S}s` },
    });
    alice = await putToWork(router, "alice");
  }, 300_000);

  afterAll(async () => {
    await router?.stop();
    lab?.down();
  }, 60_000);

  it("run on another machine than their hub, which the record says and placement counts", async () => {
    expect(alice.node).toBe("node1");
    expect(jobsOf("alice")).toMatch(/^\d+ RUNNING node2$/);
    const pids = serverPids(lab, "node2", "alice"); // of srun, too
    await eventually(() => {
      const { kind, servers } = whereIs(router, "alice");
      const record = { host: "node2", kernels: { open: 1 } };
      expect({ kind, servers }).toMatchObject({ kind: "found", servers: [{ node: "node1", record }] });
      expect(pids).toContain(servers[0]?.record?.pid);
      expect(router.command("explain", "bob")).toContain("jobs 50 % used with this server: 2 of at most 4");
    }, 30);
  });

  it("are found again after hub and router were killed, and the same job runs on", async () => {
    const [pid, job] = [serverPids(lab, "node2", "alice"), jobsOf("alice")];
    const gone = new Promise((done) => router.process.once("exit", done));
    sh("node1", `kill -9 ${servicePid(lab, "node1", "hub")}`);
    router.process.kill("SIGKILL");
    await gone;
    router = await restartRouter(router);
    await comeBack(alice, Date.now());
    expect([serverPids(lab, "node2", "alice"), jobsOf("alice")]).toEqual([pid, job]);
  });

  it("go on while Slurm cannot be asked", async () => {
    const job = jobsOf("alice");
    const log = "/var/lib/multijhub/log/hub.log";
    sh("node1", "pkill -x munged");
    await eventually(() => {
      expect(sh("node1", `grep -c 'cannot be asked for' ${log} || true`)).not.toBe("0");
    });
    expect(whereIs(router, "alice").servers).toMatchObject([{ node: "node1", state: "ready" }]);
    lab.run("slurm");
    expect(jobsOf("alice")).toBe(job);
    expect(await alice.kernel.evaluate("x + 1")).toBe("42");
  });

  it("tell why they wait in the queue, for as long as it takes; their stop cancels the job", async () => {
    const filler = sh("node1", "sbatch --parsable -n 1 --mem=100 --wrap 'sleep 600'");
    const bob = await signInAt(router.url, "bob");
    await until(bob, "/", ({ body }) => /waits in the queue: Resources/.test(body), 30);
    const began = Date.now();
    await until(bob, "/", ({ status }) => {
      expect(status).toBeLessThan(400);
      return Date.now() - began > START_TIMEOUT_S * 1500;
    });
    expect(jobsOf("bob")).toMatch(/PENDING/);
    sh("node1", `scancel ${filler}`);
    expect(await untilLab(bob)).toBe("node1");
    await pressButton(bob, await bob.go("/home"), "/home/stop");
    await eventually(() => {
      expect(jobsOf("bob")).toBe("");
    }, 20);
  });

  it("are noticed when Slurm ends them, for instance for their memory", async () => {
    const before = jobsOf("alice");
    await alice.kernel.evaluate("y = b'1' * (900 << 20); 1", 10_000).catch(() => "killed");
    await eventually(() => {
      expect(jobsOf("alice")).toBe("");
      expect(whereIs(router, "alice")).toMatchObject({ kind: "none", servers: [] });
    }, 40);
    expect(await untilLab(alice.browser)).toBe("node1");
    expect(jobsOf("alice")).toMatch(/RUNNING node2$/);
    expect(jobsOf("alice")).not.toBe(before);
  });
});
