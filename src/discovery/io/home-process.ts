import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AppError } from "../../errors.ts";
import type { Answer, FromChild, Question } from "./home-child/protocol.ts";

/** How a question to the process ended: "late" when it had no answer in time, "lost" when the process ended before. */
type Outcome = Answer | { readonly kind: "late" } | { readonly kind: "lost" };

/** One process that reads homes. */
export interface HomeProcess {
  /** Resolves at the latest `deadlineMs` after the question was sent. */
  ask(question: Question, deadlineMs: number): Promise<Outcome>;
  /** Ends it at once, whatever it waits for; what is asked of it is lost. */
  kill(): void;
  isKilled(): boolean;
}

export interface HomeProcessOptions {
  /** How many file systems may hang before the others wait for them. */
  readonly threads: number;
  /** For Node itself. */
  readonly execArgv: readonly string[];
}

export interface HomeProcesses {
  /** The one that runs, or a new one. Throws STOPPING. */
  running(): HomeProcess;
  /** Ends them. Resolves when none is left, or none that can be ended. */
  stop(): Promise<void>;
}

/** It loads what it needs first; more than this and something is wrong with the machine. */
const START_MS = 20_000;
/** Where a file system keeps even a killed process, nobody waits for it. */
const END_MS = 2000;
/** A router that was itself held up finds answers waiting when it goes on. */
const SECOND_LOOK_MS = 25;

/** One process at a time, but for those that were killed and are not gone yet. */
export function createHomeProcesses(options: HomeProcessOptions): HomeProcesses {
  const all = new Map<ChildProcess, HomeProcess>();
  let current: ChildProcess | undefined;
  let isStopped = false;

  return {
    running() {
      if (isStopped) throw new AppError("STOPPING", "the router is stopping");
      const known = current && all.get(current);
      if (known?.isKilled() === false) return known;
      const child = startProcess(options);
      const fresh = createHomeProcess(child);
      current = child;
      // Without a pid it could not be started, and never ends either.
      if (child.pid !== undefined) all.set(child, fresh);
      child.once("exit", () => all.delete(child));
      return fresh;
    },
    async stop() {
      isStopped = true;
      const gone = [...all.keys()].map((child) => once(child, "exit"));
      for (const each of all.values()) each.kill();
      await Promise.race([Promise.all(gone), sleep(END_MS, undefined, { ref: false })]);
    },
  };
}

/** Starts a process that knows nothing of the router's secrets: neither its environment nor its arguments. */
function startProcess({ threads, execArgv }: HomeProcessOptions): ChildProcess {
  return fork(ENTRY, [], {
    cwd: "/",
    env: { UV_THREADPOOL_SIZE: String(threads) },
    execArgv: [...execArgv],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // Signals of a terminal are the router's to act on.
    detached: true,
  });
}

/** Beside this file, as source or compiled. */
const ENTRY = fileURLToPath(new URL(`./home-child/main${extname(import.meta.url)}`, import.meta.url));

function createHomeProcess(child: ChildProcess): HomeProcess {
  const waiting = new Map<number, (outcome: Outcome) => void>();
  const ready = becomesReady(child);
  let isKilled = false;
  let lastId = 0;

  child.on("message", (message: FromChild) => {
    if (message !== "ready") settle(message.id, message.answer);
  });
  // Also told of a message that could not be sent: a process that is gone gets none.
  for (const event of ["exit", "error"]) child.on(event, loseAll);

  function loseAll(): void {
    for (const id of waiting.keys()) settle(id, { kind: "lost" });
  }

  function settle(id: number, outcome: Outcome): void {
    waiting.get(id)?.(outcome);
    waiting.delete(id);
  }

  return {
    async ask(question, deadlineMs) {
      if (!(await ready) || !child.connected) return { kind: "lost" };
      const id = ++lastId;
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          setTimeout(settle, SECOND_LOOK_MS, id, { kind: "late" });
        }, deadlineMs);
        waiting.set(id, (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        });
        child.send({ id, question, withinMs: deadlineMs }, (err) => {
          if (err !== null) settle(id, { kind: "lost" });
        });
      });
    },
    kill() {
      isKilled = true;
      child.kill("SIGKILL");
      loseAll();
    },
    isKilled: () => isKilled,
  };
}

async function becomesReady(child: ChildProcess): Promise<boolean> {
  const ended = new AbortController();
  for (const event of ["exit", "error"]) {
    child.once(event, () => {
      ended.abort();
    });
  }
  try {
    await once(child, "message", { signal: AbortSignal.any([AbortSignal.timeout(START_MS), ended.signal]) });
    return true;
  } catch {
    child.kill("SIGKILL");
    return false;
  }
}
