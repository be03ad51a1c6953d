import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { startLab, type Lab } from "../support/lab.ts";

/** The commands an admin begins with, on real nodes whose host keys nobody has pinned yet. */
const MAIN = resolve(dirname(fileURLToPath(import.meta.url)), "../../dist/main.js");

let lab: Lab;
let folder: string;

beforeAll(() => {
  lab = startLab();
  folder = join(lab.dir, "admin");
  execFileSync("mkdir", ["-p", folder]);
  const config = {
    hosts_file: join(lab.dir, "hosts"),
    state_dir: join(folder, "state"),
    ssh: { key_file: join(folder, "key"), known_hosts: [] },
  };
  writeFileSync(join(folder, "config.yaml"), stringify(config));
  execFileSync("install", ["-m", "600", lab.settings["LAB_KEY"] ?? "", join(folder, "key")]);
}, 300_000);

afterAll(() => {
  lab.down();
}, 60_000);

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, "--config", join(folder, "config.yaml"), ...args],
    { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
  );
  return { status, stdout, stderr };
}

interface Outcome {
  readonly node: string;
  readonly result?: { readonly outcome: string };
  readonly error?: { readonly code: string; readonly remedy: string };
}

function outcomes(...args: string[]): Outcome[] {
  return JSON.parse(run(...args, "--json").stdout) as Outcome[];
}

describe("trust and provision", () => {
  it("refuse a node whose key nobody has pinned, and say what to run", () => {
    const [first] = outcomes("provision", "node1");
    expect(first?.error).toMatchObject({ code: "HOST_KEY_UNKNOWN" });
    expect(first?.error?.remedy).toContain("multijhub trust node1");
  });

  it("do not pin without a word from anybody", () => {
    const { status, stdout } = run("trust", "node1");
    expect(status).toBe(1);
    expect(stdout).toMatch(/left alone .*SHA256:.*not confirmed/);
  });

  it("pin the keys of every node, once", () => {
    expect(outcomes("trust", "--all", "--yes").map(({ result }) => result?.outcome)).toEqual(
      Array(3).fill("pinned"),
    );
    expect(outcomes("trust", "--all").map(({ result }) => result?.outcome)).toEqual(Array(3).fill("trusted"));
  });

  it("install the agent, say so before they do, and do nothing twice", () => {
    function words(...args: string[]) {
      return outcomes("provision", "--all", ...args).map(({ result }) => result?.outcome);
    }
    expect(words("--dry-run")).toEqual(Array(3).fill("would-install"));
    expect(words()).toEqual(Array(3).fill("installed"));
    expect(words()).toEqual(Array(3).fill("unchanged"));
    expect(lab.run("sh", "node2", "echo '{}' | multijhub-agent facts")).toContain('"ok": true');
  });

  it("name the node that is down, and do the others", () => {
    lab.run("crash", "node3");
    const result = outcomes("provision", "--all");
    expect(result.map(({ error }) => error?.code)).toEqual([undefined, undefined, "NODE_UNREACHABLE"]);
    lab.run("start", "node3");
  });

  it("leave a node alone whose key has changed, until told that it was set up anew", () => {
    const daemon = join(lab.dir, "nodes/node3/ssh_host_ed25519_key");
    lab.run("crash", "node3");
    execFileSync("rm", ["-f", daemon, `${daemon}.pub`]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", daemon]);
    lab.run("start", "node3");
    expect(outcomes("provision", "node3")[0]?.error?.code).toBe("HOST_KEY_CHANGED");
    expect(run("trust", "node3", "--yes").stdout).toMatch(/left alone .*--replace/);
    expect(outcomes("trust", "node3", "--yes", "--replace")[0]?.result?.outcome).toBe("pinned");
    expect(outcomes("provision", "node3")[0]?.error).toBeUndefined();
  });
});
