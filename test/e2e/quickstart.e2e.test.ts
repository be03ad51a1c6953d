import { afterAll, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { NodeId } from "../../src/model.ts";
import { nodeToken } from "../../src/nodes/keys/decide/node-token.ts";
import { waitFor } from "../support/wait-for.ts";

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

it("keeps no secret in the cache, and nothing that docs/cache.md does not name", () => {
  const contents = cacheContents();
  expect(contents.size).toBeGreaterThan(3);
  for (const key of contents.keys()) expect(key).toMatch(documentedKeys());
  const everything = [...contents].flat().join("\n");
  expect(everything).toContain("alice");
  for (const secret of secretsOfTheLab()) expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/eyJ[\w-]{10,}|[0-9a-f]{32}/);
});

it("fills the cache again when it was emptied, and has lost nobody meanwhile", async () => {
  redis("FLUSHALL");
  expect(script("multijhub", "where", "alice", "--json")).toMatch(/node[123]/);
  const seen = await waitFor("alice to be in the cache", () =>
    cacheContents().get("multijhub:last-seen:alice"),
  );
  expect(seen).toMatch(/node[123]/);
});

it("leaves nothing behind", () => {
  script("quickstart", "--down");
  expect(existsSync(LAB_DIR)).toBe(false);
  expect(execFileSync("ip", ["-o", "link"], { encoding: "utf8" })).not.toContain("mjhqs0");
  expect(runningFrom(LAB_DIR)).toEqual([]);
});

function redis(...words: string[]): string {
  const [port = "", password = ""] = ["port", "requirepass"].map((name) => redisSetting(name));
  const auth = { ...process.env, REDISCLI_AUTH: password };
  return execFileSync("redis-cli", ["-p", port, ...words], { encoding: "utf8", env: auth }).trim();
}

function redisSetting(name: string): string {
  const text = readFileSync(join(LAB_DIR, "redis/redis.conf"), "utf8");
  return new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1] ?? "";
}

/** Every key with what is in it. */
function cacheContents(): Map<string, string> {
  const keys = redis("--raw", "KEYS", "*").split("\n").filter(Boolean);
  return new Map(
    keys.map((key) => [key, redis("--raw", key.includes(":lease/") ? "HGETALL" : "GET", key)] as const),
  );
}

/** The first column of the table in docs/cache.md, as a pattern. */
function documentedKeys(): RegExp {
  const rows = readFileSync(join(ROOT, "docs/cache.md"), "utf8").matchAll(/^\| `(multijhub:[^`]+)`/gm);
  const patterns = [...rows].map(([, key = ""]) => key.replace(/[A-Z]+/g, "[^/]*"));
  return new RegExp(`^(${patterns.join("|")})$`);
}

/** Passwords and keys, as they are and as they are often written. */
function secretsOfTheLab(): string[] {
  const state = join(LAB_DIR, "router/state");
  const master = readFileSync(join(state, "master.key"));
  const pem = readFileSync(join(state, "ticket-ed25519.pem"), "utf8");
  const written = (["hex", "base64", "base64url", "latin1"] as const).map((form) =>
    master.toString(form).trim(),
  );
  const tokens = ["node1", "node2", "node3"].map((node) => nodeToken(master, node as NodeId));
  return [
    ...written,
    ...tokens,
    ...pem.split("\n").filter((line) => line.length > 30),
    "alice-pw",
    redisSetting("requirepass"),
  ];
}

/** Command lines of processes that name a folder. */
function runningFrom(folder: string): string[] {
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return processes.split("\n").filter((line) => line.includes(folder));
}
