import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { createTerminal } from "../../src/cli/terminal.ts";

const HOOK = "./test/support/typescript-hook.mjs";
const runFile = promisify(execFile);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multijhub-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function simulate(...args: string[]) {
  let out = "";
  let err = "";
  const terminal = createTerminal(
    (text) => (out += text),
    (text) => (err += text),
  );
  return { code: await runCommandLine(["simulate", ...args], terminal), out, err };
}

const SMALL = ["--nodes", "3", "--days", "1"];

describe("simulate", () => {
  it("prints a table for people, with the seed", async () => {
    const { code, out } = await simulate(...SMALL, "--seed", "7");
    expect(code).toBe(0);
    const [caption, , head, ...rows] = out.trimEnd().split("\n");
    expect(caption).toBe("built-in workload, seed 7: 86 sessions on 3 nodes in 1 day");
    expect(head?.split(/ {2,}/)).toEqual([
      "POLICY",
      "HOT MINUTES",
      "REGRET",
      "HIT",
      "WORST",
      "MEAN",
      "REJECTED",
    ]);
    expect(rows).toHaveLength(7);
  });

  it("answers JSON, for the policies asked for", async () => {
    const { out } = await simulate(...SMALL, "--policy", "multijhub,random", "--json");
    expect(JSON.parse(out)).toMatchObject({
      workload: "built-in",
      seed: 1,
      nodes: 3,
      results: [{ policy: "multijhub", rejected: 0 }, { policy: "random" }],
    });
  });

  it("says what rebalancing does, if asked", async () => {
    const { out } = await simulate(...SMALL, "--policy", "multijhub", "--rebalance", "--json");
    expect(JSON.parse(out)).toMatchObject({
      results: [{ policy: "multijhub", rejected: 0 }],
      rebalance: { movesPerDay: 0, stopped: 0, cameBack: 0, rejected: 0, rejectedWithout: 0 },
    });
    const table = await simulate(...SMALL, "--policy", "multijhub", "--rebalance");
    expect(table.out).toContain("with rebalancing");
    expect(table.out).toContain("0 servers stopped, 0 a day; owners came back to 0 of them");
  });

  it("replays arrivals from a CSV to their end", async () => {
    const file = join(folder, "week.csv");
    await writeFile(file, "at,user,minutes,memory_mib\n2026-03-02T09:00:00Z,alice,60,65000\n");
    const { out } = await simulate("--nodes", "1", "--arrivals", file, "--policy", "multijhub", "--json");
    expect(JSON.parse(out)).toMatchObject({
      sessions: 1,
      days: 0.04,
      results: [{ hotNodeMinutes: 45, worstUse: 0.992, placed: 1, regret: 0 }],
    });
  });

  it("gives nodes their memory in turn", async () => {
    const file = join(folder, "one.csv");
    await writeFile(file, "at,user,minutes,memory_mib,node\n2026-03-02T09:00:00Z,alice,60,65536,node2\n");
    const { out } = await simulate("--nodes", "2", "--memory", "64G,128G", "--arrivals", file, "--json");
    expect(JSON.parse(out)).toMatchObject({
      results: expect.arrayContaining([expect.objectContaining({ worstUse: 0.5 })]),
    });
  });

  it("names the file and the line of every mistake", async () => {
    const file = join(folder, "bad.csv");
    await writeFile(file, "at,user,minutes,memory_mib\nnow,alice,60,1\n2026-03-02T09:00:00Z,bob,1\n");
    const { code, err } = await simulate("--arrivals", file);
    expect(code).toBe(1);
    expect(err).toContain(`${file}:2: at: no time such as`);
    expect(err).toContain(`${file}:3: 3 values, not 4`);
  });

  it("says so where a file cannot be read", async () => {
    const { code, err } = await simulate("--arrivals", join(folder, "none.csv"));
    expect(code).toBe(1);
    expect(err).toContain("none.csv");
  });

  it.each([
    [["--policy", "best"], "There are random"],
    [["--nodes", "0"], "a whole number from 1"],
    [["--memory", "64"], "a size such as"],
    [["--sample-every", "0s"], "more than nothing"],
    [["--days", "1.5"], "a whole number"],
  ])("does not understand %j", async (args, message) => {
    const { code, err } = await simulate(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it("draws the picture that the documentation shows (npm run docs:simulation)", async () => {
    const file = join(folder, "simulation.svg");
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    const args = scripts["docs:simulation"]?.split("dist/main.js ")[1]?.replace("docs/simulation.svg", file);
    // A process of its own: inside jest's sandbox each look at a global costs, and this makes millions of them.
    await runFile(process.execPath, ["--import", HOOK, "src/main.ts", ...(args ?? "").split(" ")]);
    expect(await readFile(file, "utf8")).toBe(await readFile("docs/simulation.svg", "utf8"));
  }, 60_000);
});
