import { afterAll, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The two commands of the README, apart from a lab that a person may have up. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const LAB_DIR = join(ROOT, ".cache/e2e-quickstart");
const env = {
  ...process.env,
  LAB_DIR,
  LAB_BRIDGE: "mjhqs0",
  LAB_NET: "10.80.0",
  QUICKSTART_PORT: "18000",
};

function script(name: string, ...args: string[]): string {
  const file = join(ROOT, "scripts", name);
  return execFileSync(file, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

afterAll(() => {
  script("quickstart", "--down");
}, 60_000);

it("signs in and computes", () => {
  expect(script("quickstart", "--check")).toBe("42");
}, 300_000);

it("answers questions about the running lab", () => {
  const where = script("multijhub", "where", "alice", "--json");
  expect(JSON.parse(where)).toBeDefined();
  expect(where).toMatch(/node[123]/);
  expect(script("multijhub", "nodes", "--json")).toMatch(/node1.*node2.*node3/s);
});

it("leaves nothing behind", () => {
  script("quickstart", "--down");
  expect(existsSync(LAB_DIR)).toBe(false);
  expect(execFileSync("ip", ["-o", "link"], { encoding: "utf8" })).not.toContain("mjhqs0");
  expect(runningFrom(LAB_DIR)).toEqual([]);
});

/** Command lines of processes that name a folder. */
function runningFrom(folder: string): string[] {
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return processes.split("\n").filter((line) => line.includes(folder));
}
