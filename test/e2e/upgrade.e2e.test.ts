import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CookieBrowser } from "../support/cookie-browser.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { waitFor } from "../support/wait-for.ts";

/** JupyterHub 5.2 -> 5.5 -> 6 under alice's feet, hub.d under bob's, and one that fails. The first node is the lobby. */
const [OLD, STABLE, NEWEST] = ["old", "stable", "beta"].map(
  (name) => `/opt/jupyterhub/${name}/bin/jupyterhub`,
);
const DATABASE = "/var/lib/multijhub/hub/jupyterhub.sqlite";

let lab: Lab;
let router: RouterProcess;
let alice: CookieBrowser;
let began: string;

interface Step {
  readonly node: string;
  readonly outcome: string;
  readonly words: string;
  readonly version?: string;
  readonly wouldStart?: string;
}

beforeAll(async () => {
  for (const build of ["old", "beta"]) execFileSync(resolve("scripts/lab-jupyterhub"), [build]);
  lab = startLab();
  useJupyterHub(OLD);
  router = await startRouter(lab, { hub: { proxy_command: [lab.settings["LAB_PROXY"]] } });
  for (const closed of ["node1", "node3"]) router.command("cordon", closed);
  alice = await signInAt(router.url, "alice");
  expect(await untilLab(alice)).toBe("node2");
  began = await started();
}, 300_000);

afterAll(async () => {
  await router.stop();
  lab.down();
}, 60_000);

/** On every node, by the hosts file. */
function useJupyterHub(path = ""): void {
  const file = join(lab.dir, "hosts");
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const changed = lines.map((line) => `${line.replace(/ jupyterhub=\S+/, "")} jupyterhub=${path}`);
  writeFileSync(file, `${changed.join("\n")}\n`);
}

function upgrade(...args: string[]): readonly Step[] {
  const { nodes } = JSON.parse(router.command("upgrade", ...args, "--json")) as {
    readonly nodes: readonly Step[];
  };
  return nodes;
}

/** When alice's server was started; it is asked through the router, and answers at once or while its hub is away. */
async function started(): Promise<string> {
  const page = await until(alice, "/n/node2/user/alice/api/status", ({ status }) => status === 200, 60);
  return (JSON.parse(page.body) as { readonly started: string }).started;
}

function statusOf(node: string): { readonly state: string; readonly version: string; readonly pid: number } {
  const answer = lab.run("sh", node, "echo '{}' | multijhub-agent status").trim();
  return (JSON.parse(answer) as { readonly result: ReturnType<typeof statusOf> }).result;
}

/** The version of the database's layout. */
function layoutOf(file: string): string {
  const ask = `import sqlite3; print(sqlite3.connect("${file}").execute("SELECT version_num FROM alembic_version").fetchone()[0])`;
  return lab.run("sh", "node2", `python3 -c '${ask}'`).trim();
}

it("goes from Debian 13's JupyterHub to the newest 5 with a server that runs, the lobby last", async () => {
  useJupyterHub(STABLE);
  const foreseen = upgrade("--dry-run");
  expect(foreseen.map(({ node, outcome }) => [node, outcome])).toEqual([
    ["node2", "would-roll"],
    ["node3", "not-running"],
    ["node1", "would-roll"],
  ]);
  expect(foreseen[0]).toMatchObject({ version: "5.2.1", wouldStart: expect.stringMatching(/^5\.[5-9]/) });
  expect(statusOf("node2").version).toBe("5.2.1");

  expect(upgrade().map(({ node, outcome }) => [node, outcome])).toEqual([
    ["node2", "rolled"],
    ["node3", "not-running"],
    ["node1", "rolled"],
  ]);
  expect(statusOf("node2")).toMatchObject({ state: "ready", version: foreseen[0]?.wouldStart });
  expect(await started()).toBe(began);
  expect(upgrade().map(({ outcome }) => outcome)).toEqual(["unchanged", "not-running", "unchanged"]);
}, 240_000);

it("brings back the database and the former JupyterHub if the new one fails, and stops there", async () => {
  const before = statusOf("node2").version;
  const layout = layoutOf(DATABASE);
  const fragment = `import jupyterhub
if jupyterhub.version_info[0] > 5:
    c.JupyterHub.load_roles.append({"name": "wrong", "scopes": ["no such scope"]})  # found after the database was changed`;
  lab.run(
    "sh",
    "node2",
    `mkdir -p /etc/multijhub/hub.d && cat > /etc/multijhub/hub.d/50-wrong.py <<'END'\n${fragment}\nEND`,
  );
  useJupyterHub(NEWEST);
  const failed = failing(() => upgrade());
  expect(failed.map(({ node, outcome }) => [node, outcome])).toEqual([
    ["node2", "failed"],
    ["node3", "not-running"],
    ["node1", "left"],
  ]);
  expect(failed[0]?.words).toContain(`the database is again as JupyterHub ${before} left it`);
  expect(failed[0]?.words).toContain("runs again");
  expect(statusOf("node2")).toMatchObject({ state: "ready", version: before });
  expect(layoutOf(DATABASE)).toBe(layout);
  expect(await started()).toBe(began);
}, 240_000);

/** What a command that fails has printed. */
function failing(command: () => readonly Step[]): readonly Step[] {
  try {
    command();
  } catch (err) {
    return (JSON.parse((err as { readonly stdout: string }).stdout) as { readonly nodes: readonly Step[] })
      .nodes;
  }
  throw new Error("it did not fail");
}

it("goes on to the next major version, whose database has another layout, once that is mended", async () => {
  const before = statusOf("node2").version;
  const layout = layoutOf(DATABASE);
  lab.run("sh", "node2", "rm /etc/multijhub/hub.d/50-wrong.py");
  expect(upgrade().map(({ outcome }) => outcome)).toEqual(["rolled", "not-running", "rolled"]);
  expect(statusOf("node2")).toMatchObject({ state: "ready", version: expect.stringMatching(/^6\./) });
  expect(layoutOf(DATABASE)).not.toBe(layout);
  expect(layoutOf(`${DATABASE}.of-${before}`)).toBe(layout);
  expect(await started()).toBe(began);
}, 240_000);

it("takes up what has changed in hub.d by itself, and leaves the other hubs alone", async () => {
  const [before, other] = [statusOf("node2").pid, statusOf("node1").pid];
  lab.run("sh", "node2", "echo 'c.JupyterHub.active_server_limit = 50' > /etc/multijhub/hub.d/10-limit.py");
  await waitFor("the hub to be started anew", () => ![before, null].includes(statusOf("node2").pid), {
    withinMs: 120_000,
    everyMs: 1000,
  });
  await until(alice, "/n/node2/hub/api/health", ({ status }) => status === 200, 60);
  expect(statusOf("node1").pid).toBe(other);
  expect(await started()).toBe(began);
}, 240_000);
