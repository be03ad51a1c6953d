import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";

export type KernelName = "server" | "clients";

/** How a command in a guest ended; the code is null if it had to be killed at its deadline. */
export interface Done {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

export interface Order {
  readonly words: readonly string[];
  readonly input?: string;
  readonly timeoutS?: number;
}

const DISK_BYTES = 512 << 20;
const BOOT_DEADLINE_MS = 45_000;

/** The folder with kernel and NFS programs, or why it cannot be made here. */
export function unpackLayer(): { readonly layer: string } | { readonly obstacle: string } {
  const done = spawnSync("test/nfs/layer", { encoding: "utf8" });
  return done.status === 0 ? { layer: done.stdout.trim() } : { obstacle: done.stderr.trim() };
}

/** Two kernels as processes on one cable: the file server's and the clients'. */
export class Kernels {
  readonly #folder = mkdtempSync(join(tmpdir(), "nfs-kernels-"));
  readonly #launcher: ChildProcess;
  readonly #consoles: Readonly<Record<KernelName, Console>>;
  #said = "";

  constructor(layer: string) {
    for (const name of ["server", "clients"]) makeDisk(join(this.#folder, `${name}.img`));
    this.#launcher = spawn("python3", ["test/nfs/kernels.py", layer, this.#folder, process.execPath], {
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    });
    this.#launcher.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#said += text));
    this.#consoles = { server: new Console(this.#launcher, 3), clients: new Console(this.#launcher, 4) };
  }

  /** What the kernels printed, which is little unless something is wrong. */
  get said(): string {
    return this.#said;
  }

  async boot(name: KernelName): Promise<void> {
    const ready = this.#consoles[name].ready(AbortSignal.timeout(BOOT_DEADLINE_MS));
    this.#launcher.stdin?.write(`on ${name}\n`);
    await ready;
  }

  /** As if the plug were pulled; its disk stays. */
  async kill(name: KernelName): Promise<void> {
    const off = once(this.#launcher.stdout as Duplex, "data");
    this.#launcher.stdin?.write(`off ${name}\n`);
    await off;
  }

  run(name: KernelName, order: Order): Promise<Done> {
    return this.#consoles[name].run(order);
  }

  async dispose(): Promise<void> {
    const gone = once(this.#launcher, "close");
    this.#launcher.stdin?.end();
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}

/** One kernel's agent: orders go out with a number, answers come back with it in any order. */
class Console {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, (done: Done) => void>();
  #ready: (() => void) | undefined;
  #orders = 0;

  constructor(launcher: ChildProcess, descriptor: number) {
    this.#stream = launcher.stdio[descriptor] as Duplex;
    createInterface({ input: this.#stream }).on("line", (line) => {
      this.#hear(line);
    });
  }

  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready = resolve;
      signal.addEventListener("abort", () => {
        reject(new Error("a kernel did not boot in time"));
      });
    });
  }

  run({ words, input = "", timeoutS = 30 }: Order): Promise<Done> {
    const id = ++this.#orders;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#stream.write(`${JSON.stringify({ id, words, input, timeoutS })}\n`);
    });
  }

  #hear(line: string): void {
    const heard = JSON.parse(line) as { ready: true } | (Done & { id: number });
    if ("ready" in heard) this.#ready?.();
    else this.#waiting.get(heard.id)?.(heard);
  }
}

function makeDisk(path: string): void {
  writeFileSync(path, "");
  truncateSync(path, DISK_BYTES);
  const made = spawnSync("mkfs.ext4", ["-q", "-F", path], {
    encoding: "utf8",
    env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
  if (made.status !== 0) throw new Error(`mkfs.ext4: ${made.error?.message ?? made.stderr}`);
}
