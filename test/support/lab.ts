import { afterAll, beforeAll } from "@jest/globals";
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { waitFor } from "./wait-for.ts";

/** Real nodes for end-to-end tests, apart from the lab a person may have up, and from those of jest's other workers. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const WORKER = process.env["JEST_WORKER_ID"] ?? "0";
const ENVIRONMENT = {
  ...process.env,
  LAB_DIR: process.env["E2E_LAB_DIR"] ?? join(ROOT, `.cache/e2e-lab-${WORKER}`),
  LAB_BRIDGE: process.env["E2E_LAB_BRIDGE"] ?? `mjhe2e${WORKER}`,
  LAB_NET: process.env["E2E_LAB_NET"] ?? `10.79.${WORKER}`,
};

export interface Lab {
  readonly dir: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Runs `scripts/lab VERB ...`; the answer is its stdout. */
  run(...args: string[]): string;
  down(): void;
}

interface LabOptions {
  readonly build?: "stable" | "beta" | "debian13";
  /** The nodes' PID 1. */
  readonly init?: "bash" | "systemd";
  /** How many. */
  readonly nodes?: number;
}

/** Boots the lab with JupyterHub for it. Needs root and `npm run build`. */
export function startLab({ build = "stable", init = "bash", nodes = 3 }: LabOptions = {}): Lab {
  const jupyterhub: unknown = JSON.parse(script("lab-jupyterhub", [build, "--json"]));
  const environment = { ...labEnvironmentFor(jupyterhub), LAB_INIT: init, LAB_NODES: String(nodes) };
  function run(...args: string[]): string {
    return script("lab", args, environment, COMMAND_MS);
  }
  run("down");
  run("up");
  const { LAB_DIR: dir } = ENVIRONMENT;
  return {
    dir,
    settings: { ...readSettings(join(dir, "lab.env")), ...environment },
    run,
    down: () => {
      run("down");
    },
  };
}

export interface Site {
  readonly lab: Lab;
  /** May be another one after a restart. */
  router: RouterProcess;
  /** Done after the last test, before router and lab go; the latest first. */
  atEnd(work: () => unknown): void;
}

/**
 * A lab and a router for the tests of a file or a block, gone after them whatever happened. `arrange` prepares the
 * nodes before the router starts, and says how its configuration differs from the usual.
 */
export function useLab({
  arrange = () => ({}),
  ...options
}: LabOptions & { readonly arrange?: (lab: Lab) => object | Promise<object> } = {}): Site {
  const ends: (() => unknown)[] = [];
  let lab: Lab | undefined;
  let router: RouterProcess | undefined;

  beforeAll(async () => {
    lab = startLab(options);
    router = await startRouter(lab, await arrange(lab));
  }, 400_000);

  afterAll(async () => {
    try {
      for (const end of [() => router?.stop(), ...ends].toReversed()) await end();
    } finally {
      lab?.down();
    }
  }, 90_000);

  return {
    get lab() {
      return present(lab, "the lab");
    },
    get router() {
      return present(router, "the router");
    },
    set router(next) {
      router = next;
    },
    atEnd: (work) => void ends.push(work),
  };
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is there in tests only, and has to have started`);
  return value;
}

/** What `lab-jupyterhub` made and how the nodes call it, as the settings `scripts/lab` takes. */
function labEnvironmentFor(answer: unknown): Record<string, string> {
  const { base, command, proxy } = answer as Record<"base" | "command" | "proxy", string>;
  return { LAB_BASE: base, LAB_JUPYTERHUB: command, LAB_PROXY: proxy };
}

/** No command of the lab takes longer: one that does hangs, and the test fails there instead of waiting for ever. */
const COMMAND_MS = 180_000;

function script(
  name: string,
  args: readonly string[],
  environment: Record<string, string> = {},
  timeout?: number,
): string {
  const options = { env: { ...ENVIRONMENT, ...environment }, encoding: "utf8" as const, cwd: ROOT };
  return execFileSync(join(ROOT, "scripts", name), args, {
    ...options,
    ...(timeout !== undefined && { timeout }),
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function readSettings(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split("=")[0] ?? "", line.replace(/^[^=]*=/, "")]));
}

export interface RouterProcess {
  readonly url: string;
  readonly configFile: string;
  readonly process: ChildProcess;
  /** Runs `multijhub ARGS` as the router's account; the answer is its stdout. */
  command(...args: string[]): string;
  /** Everything it logged, for assertions about secrets. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** Provisions the nodes, after the commands of `first`, and starts a router as the lab's unprivileged account, on a free port. */
export async function startRouter(
  lab: Lab,
  overrides: object = {},
  first: readonly (readonly string[])[] = [],
): Promise<RouterProcess> {
  if (!existsSync(join(ROOT, "dist/main.js"))) throw new Error("run `npm run build` first");
  const configFile = writeConfig(lab, overrides);
  function command(...args: string[]): string {
    return lab.run(
      "as-router",
      process.execPath,
      join(ROOT, "dist/main.js"),
      "--config",
      configFile,
      ...args,
    );
  }
  for (const words of [...first, ["provision", "--all"]]) command(...words);
  return { ...(await launch(configFile)), command };
}

/** A router that has ended, again: same configuration, hence same state directory. */
export async function restartRouter(router: RouterProcess): Promise<RouterProcess> {
  return { ...router, ...(await launch(router.configFile)) };
}

/** A second router of the same site: the same keys, a state directory of its own. */
export async function startTwin(lab: Lab, router: RouterProcess, port = 0): Promise<RouterProcess> {
  const folder = join(lab.dir, "router");
  const configFile = join(folder, "twin.yaml");
  const config = parse(readFileSync(router.configFile, "utf8")) as object;
  const state = join(folder, "twin");
  lab.run(
    "as-router",
    "sh",
    "-c",
    `mkdir -m 700 ${state} && cp ${folder}/state/*.key ${folder}/state/*.pem ${state}`,
  );
  const own = { state_dir: state, listen: { host: "127.0.0.1", port } };
  writeFileSync(configFile, stringify({ ...config, ...own }));
  return { ...router, ...(await launch(configFile)) };
}

function writeConfig(lab: Lab, overrides: object): string {
  const { LAB_KEY, LAB_KNOWN_HOSTS, LAB_JUPYTERHUB, LAB_PROXY, LAB_ROUTER_UID } = lab.settings;
  const folder = join(lab.dir, "router");
  mkdirSync(folder, { recursive: true });
  const configFile = join(folder, "config.yaml");
  const config = {
    hosts_file: join(lab.dir, "hosts"),
    state_dir: join(folder, "state"),
    listen: { host: "127.0.0.1", port: 0 },
    lobby: ["node1"],
    admin: { users: ["carol"] },
    home: { path: join(lab.dir, "home/{user}") },
    ssh: { key_file: LAB_KEY, known_hosts: [LAB_KNOWN_HOSTS] },
    hub: { jupyterhub: LAB_JUPYTERHUB, proxy_command: [LAB_PROXY] },
    ...overrides,
  };
  writeFileSync(configFile, stringify(config));
  execFileSync("chown", ["-R", `${LAB_ROUTER_UID}:${LAB_ROUTER_UID}`, folder]);
  return configFile;
}

async function launch(configFile: string): Promise<Omit<RouterProcess, "command">> {
  const program = [process.execPath, join(ROOT, "dist/main.js"), "--config", configFile, "serve"];
  const child = spawn(join(ROOT, "scripts/lab"), ["as-router", ...program], {
    env: ENVIRONMENT,
    cwd: ROOT,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const url = await waitFor(
    "the router to listen",
    () => {
      if (hasEnded(child)) throw new Error(`the router ended:\n${lines.join("\n")}`);
      return lines.map((line) => /"url":"(http[^"]+)"/.exec(line)?.[1]).find(Boolean);
    },
    { everyMs: 20 },
  );
  return {
    url,
    configFile,
    process: child,
    log: () => lines.join("\n"),
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child, lines);
    },
  };
}

/** What does not end by itself is killed, and the test fails with what it said last. */
async function ended(child: ChildProcess, lines: readonly string[]): Promise<void> {
  try {
    await waitFor(
      () => `the router to end; it said last:\n${lines.slice(-20).join("\n")}`,
      () => hasEnded(child),
      { everyMs: 20 },
    );
  } catch (err) {
    child.kill("SIGKILL");
    throw err;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Signs a user in without a browser and computes 6*7 in a kernel; the answer is what the kernel said. */
export async function compute(router: RouterProcess, user: string): Promise<string> {
  const check = join(ROOT, "scripts/quickstart-check.mjs");
  const env = { ...process.env, QUICKSTART_PASSWORD: `${user}-pw` };
  const { stdout } = await promisify(execFile)(process.execPath, [check, router.url, user], {
    env,
    cwd: ROOT,
  });
  return stdout.trim();
}

/** A folder for what a person may want to look at afterwards: screenshots, logs. */
export function artifactFolder(name: string): string {
  const folder = join(ROOT, ".cache/artifacts", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
