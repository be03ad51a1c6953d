import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { createTerminal } from "../../src/cli/terminal.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multijhub-"));
  await writeFile(join(folder, "config.yaml"), "state_dir: state\n");
});
afterEach(() => rm(folder, { recursive: true }));

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const terminal = createTerminal(
    (text) => (out += text),
    (text) => (err += text),
  );
  const code = await runCommandLine(["--config", join(folder, "config.yaml"), "keys", ...args], terminal);
  return { code, out, err };
}

interface Shown {
  readonly keys: { readonly kind: string; readonly id: string; readonly state: string }[];
}

async function idsIn(state: string, ...args: string[]): Promise<string[]> {
  const { keys } = JSON.parse((await run(...args, "--json")).out) as Shown;
  return keys.filter((key) => key.state === state).map(({ id }) => id);
}

it("rotates: new keys come beside the old ones, and take over", async () => {
  const old = await idsIn("in use", "show");
  const coming = await idsIn("coming", "rotate");
  expect([old.length, coming.length]).toEqual([2, 2]);
  expect(await idsIn("in use", "show")).toEqual(old);
  expect(await idsIn("in use", "retire")).toEqual(coming);
  expect(await idsIn("coming", "show")).toEqual([]);
});

it("makes nothing on a dry run", async () => {
  expect((await run("rotate", "--dry-run")).out).toMatch(/^would make.*\n.*KEY[\s\S]*master[\s\S]*ticket/);
  expect(await readdir(join(folder, "state"))).toEqual(["master.key", "ticket-ed25519.pem"]);
});

it("refuses to begin twice, or to end what has not begun", async () => {
  expect(await run("retire")).toMatchObject({ code: 1, err: expect.stringContaining("keys rotate") });
  await run("rotate");
  expect(await run("rotate")).toMatchObject({ code: 1, err: expect.stringContaining("keys retire") });
});

it("goes on with a rotation that a crash interrupted", async () => {
  await run("rotate");
  await rm(join(folder, "state", "master.key.next"));
  expect(await idsIn("coming", "rotate")).toHaveLength(2);
});
