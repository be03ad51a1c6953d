import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHomeReader, type HomeReaderOptions } from "../../src/discovery/io/home-reader.ts";
import type { HomeLook } from "../../src/home-model.ts";
import type { UserName } from "../../src/model.ts";
import { createMemoryLog } from "./memory-log.ts";
import { systemClock } from "./system-clock.ts";

/** Root plants what others own, and has it read by somebody who may do nothing. */
export const isRoot = process.getuid?.() === 0;
export const OWNER = isRoot ? 2001 : (process.getuid?.() ?? 0);
const NEVER = new AbortController().signal;

export type HomeRig = ReturnType<typeof createHomeRig>;

/** Real homes in a temporary folder, and the real reader. */
export function createHomeRig(options: Partial<HomeReaderOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "homes-"));
  chmodSync(root, 0o755);
  const log = createMemoryLog();
  const reader = createHomeReader(
    { clock: systemClock, log },
    { deadlineMs: 5000, concurrency: 8, execArgv: nodeArguments(), ...options },
  );

  /** A home with its runtime directory; the path of that. */
  function makeHome(user: string, uid = OWNER): string {
    let path = join(root, user);
    makeDirectory(path, uid);
    for (const name of [".local", "share", "jupyter", "runtime"])
      makeDirectory((path = join(path, name)), uid);
    return path;
  }

  return {
    root,
    log,
    reader,
    makeHome,
    /** A look into the home of a user, who is alice unless said. */
    look: (user = "alice"): Promise<HomeLook> => reader.look(user as UserName, join(root, user), NEVER),
    async tearDown() {
      await reader.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function makeDirectory(path: string, uid = OWNER): void {
  mkdirSync(path);
  chmodSync(path, 0o755);
  own(path, uid);
}

export function plant(path: string, content: object | string, uid = OWNER): void {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  own(path, uid);
}

export function own(path: string, uid = OWNER): void {
  if (isRoot) chownSync(path, uid, uid);
}

/** The processes that read homes for another one, which is this one unless said. */
export function readerPids(parent = process.pid): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => isReader(pid, parent)).map(Number);
}

function isReader(pid: string, parent: number): boolean {
  try {
    const isOurs = readFileSync(`/proc/${pid}/status`, "utf8").includes(`\nPPid:\t${parent}\n`);
    return isOurs && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/home-child/main");
  } catch {
    return false;
  }
}

function nodeArguments(): string[] {
  const hooks = ["typescript-hook.mjs", ...(isRoot ? ["unprivileged.mjs"] : [])];
  return hooks.flatMap((file) => ["--import", fileURLToPath(new URL(file, import.meta.url))]);
}
