import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { restartRouter, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import {
  comeBack,
  eventually,
  putToWork,
  serverPids,
  spreadPids,
  startWithPid,
  whereIs,
  type AtWork,
} from "../support/lab-recovery.ts";
import { pressButton, until } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/** What Jupyter, its users and the file server do to the homes of people at work. */
let lab: Lab;
let router: RouterProcess;
let alice: AtWork;
let bob: AtWork;
let pid: number;
let elsewhere: string;

beforeAll(async () => {
  lab = startLab();
  spreadPids(lab);
  router = await startRouter(lab, {
    listen: { host: "127.0.0.1", port: await freePort() },
  });
  alice = await putToWork(router, "alice");
  bob = await putToWork(router, "bob");
  [pid = 0] = serverPids(lab, alice.node, "alice");
  elsewhere = alice.node === "node2" ? "node3" : "node2";
}, 400_000);

afterAll(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

function runtime(name: string): string {
  return join(lab.dir, "home/alice/.local/share/jupyter/runtime", name);
}

/** A router that remembers nothing finds her by her home and the nodes. */
async function expectFoundAnew(): Promise<void> {
  await router.stop();
  router = await restartRouter(router);
  await comeBack(alice, Date.now());
  await eventually(() => {
    const { servers } = whereIs(router, "alice");
    expect(servers).toMatchObject([{ node: alice.node, pid, state: "ready", record: { pid } }]);
  });
}

/** Starts a Jupyter as the user would in a terminal; with `wanted`, until the kernel gives it that pid. */
function startByHand(node: string, user: string, wanted?: number): number {
  return startWithPid(
    lab,
    node,
    `cd /home/${user} && exec ${as(user, "--no-browser --ip 127.0.0.1")}`,
    wanted,
  );
}

/** JupyterLab as that user's command. */
function as(user: string, options: string): string {
  const jupyter = (lab.settings["LAB_JUPYTERHUB"] ?? "").replace(/[^/]+$/, "jupyter-lab");
  return `setpriv --reuid ${user} --regid ${user} --clear-groups env HOME=/home/${user} ${jupyter} ${options}`;
}

describe("jupyter lab list on another node", () => {
  it("deletes what Jupyter knows of her server, and not what the router knows", async () => {
    expect(existsSync(runtime(`jpserver-${pid}.json`))).toBe(true);
    lab.run("sh", elsewhere, `cd /home/alice && ${as("alice", "list")}`);
    expect(existsSync(runtime(`jpserver-${pid}.json`))).toBe(false);
    await expectFoundAnew();
  });
});

describe("a user's own Jupyter on another node", () => {
  it("with the same pid costs nobody their server, neither when it starts nor when it ends", async () => {
    expect(startByHand(elsewhere, "alice", pid)).toBe(pid);
    await eventually(() => {
      expect(
        lab.run(
          "sh",
          elsewhere,
          `cat /home/alice/.local/share/jupyter/runtime/jpserver-${pid}.json 2>/dev/null || true`,
        ),
      ).toContain('"base_url": "/"');
    });
    await expectFoundAnew();
    lab.run("sh", elsewhere, `kill -TERM ${pid}; while test -d /proc/${pid}; do sleep 0.1; done`);
    expect(existsSync(runtime(`jpserver-${pid}.json`))).toBe(false);
    await expectFoundAnew();
  });

  it("is shown, found and never touched", async () => {
    const own = startByHand(elsewhere, "bob");
    await eventually(() => {
      expect(whereIs(router, "bob").home.foreign).toEqual([{ pid: own, node: elsewhere }]);
    });
    await until(
      bob.browser,
      "/home",
      ({ body }) => body.includes(elsewhere) && body.includes(String(own)),
      20,
    );
    await pressButton(bob.browser, await bob.browser.go("/home"), "/home/stop");
    await until(bob.browser, "/home", ({ body }) => body.includes("You have no running server."));
    expect(serverPids(lab, bob.node, "bob")).toEqual([]);
    bob = await putToWork(router, "bob");
    expect(whereIs(router, "bob").home.foreign).toContainEqual({ pid: own, node: elsewhere });
    expect(lab.run("sh", elsewhere, `ps -o user= -p ${own}`).trim()).toBe("bob");
    lab.run("sh", elsewhere, `kill ${own}`);
  });
});

describe("a home that hangs for the router", () => {
  /** As its child processes see it: a file system in the router's mount namespace that never answers. */
  async function hang(path: string): Promise<ChildProcess> {
    const inside = ["-t", String(router.process.pid), "-m"];
    const daemon = spawn(
      "nsenter",
      [...inside, "python3", join(import.meta.dirname, "../support/hanging-home.py"), path],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(daemon.stdout ?? daemon, "data");
    return daemon;
  }

  async function recover(daemon: ChildProcess, path: string): Promise<void> {
    const gone = once(daemon, "exit");
    daemon.kill("SIGKILL");
    await gone;
    execFileSync("nsenter", ["-t", String(router.process.pid), "-m", "umount", "-l", path]);
  }

  function homeOf(user: string): string {
    return whereIs(router, user).home.state;
  }

  async function expectPrompt(): Promise<void> {
    for (const path of ["/readyz", "/healthz"]) {
      await fetch(`${router.url}${path}`, { signal: AbortSignal.timeout(10_000) });
    }
    const { ms } = await comeBack(alice, Date.now());
    process.stdout.write(`alice comes in while her home hangs: ${ms} ms\n`);
    expect(ms).toBeLessThan(60_000);
  }

  it.each([
    ["hers alone", "home/alice", { alice: "unreadable", bob: "read" }],
    ["the file server", "home", { alice: "unreadable", bob: "unreadable" }],
  ])(
    "(%s) holds up nothing but what is read there, and is read again afterwards",
    async (_name, part, states) => {
      await eventually(() => {
        expect({ alice: homeOf("alice"), bob: homeOf("bob") }).toEqual({ alice: "read", bob: "read" });
      }, 90);
      const path = join(lab.dir, part);
      const daemon = await hang(path);
      await eventually(() => {
        expect({ alice: homeOf("alice"), bob: homeOf("bob") }).toEqual(states);
      });
      await expectPrompt();
      expect(whereIs(router, "alice").servers).toMatchObject([
        { node: alice.node, pid, evidence: "hub-list" },
      ]);
      await recover(daemon, path);
      await eventually(() => {
        expect({ alice: homeOf("alice"), bob: homeOf("bob") }).toEqual({ alice: "read", bob: "read" });
      }, 90);
      expect(await alice.kernel.evaluate("x + 1")).toBe("42");
    },
  );
});
