import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { readdir, writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { createTerminal } from "../../src/cli/terminal.ts";

const CONFIG = `
state_dir: state
hosts_file: hosts
listen: {port: 0}
ssh: {key_file: key, config_file: none, known_hosts: []}
`;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multijhub-"));
  await writeFile(join(folder, "config.yaml"), CONFIG);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
  await writeFile(join(folder, "hosts"), "node1 address=127.0.0.1 port=1\n");
});

afterEach(() => rm(folder, { recursive: true }));

async function check(...args: string[]) {
  let out = "";
  const terminal = createTerminal(
    (text) => (out += text),
    () => undefined,
  );
  const code = await runCommandLine(["--config", join(folder, "config.yaml"), "check", ...args], terminal);
  return { code, out };
}

describe("check", () => {
  it("works before anything was started, and makes nothing", async () => {
    const { code, out } = await check();
    expect(code).toBe(1);
    expect(out).toMatch(/^router\n {2}ok .*state directory, keys, hosts file/m);
    expect(out).toMatch(/^node1\n {2}WRONG {4}reachable: .*ECONNREFUSED.*\n {13}on node1: systemctl enable/m);
    expect(await readdir(folder)).toEqual(["config.yaml", "hosts", "key", "key.pub"]);
  });

  it("names what is wrong with the hosts file, by line, and leaves the nodes", async () => {
    await writeFile(join(folder, "hosts"), "node1 address=10.0.0.1\nnode2 colour=red\n");
    const { code, out } = await check("--json");
    const { findings } = JSON.parse(out) as { findings: { check: string; level: string; message: string }[] };
    const found = findings.filter(({ level }) => level === "wrong" || level === "skipped");
    expect(code).toBe(1);
    expect(found.map(({ check: name }) => name)).toEqual(["hosts file", "reachable"]);
    expect(found[0]?.message).toMatch(/line 2/);
  });

  it("tells a mistake in the configuration as a finding", async () => {
    await writeFile(join(folder, "config.yaml"), "colour: red\n");
    const { code, out } = await check("--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ summary: { wrong: 1, ok: 0 } });
  });

  it("refuses a node that the hosts file does not have", async () => {
    expect((await check("node9")).code).toBe(1);
  });
});
