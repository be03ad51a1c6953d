import { AppError } from "../errors.ts";
import type { NodeSpec } from "../model.ts";
import type { Clock, EditedFile, Log, Service } from "../ports.ts";
import { describeProblems, parseHostsFile } from "./decide/hosts-file.ts";
import type { HostsFile, HostsProblem } from "./decide/hosts-file.ts";
import { createNodeSet } from "./node-set.ts";
import type { NodeSet } from "./node-set.ts";

/** The nodes there are, as the hosts file has them; follows its edits. */
export interface Hosts extends Service, Omit<NodeSet, "adopt" | "complain"> {}

export interface HostsOptions {
  /** The file is read again this often even without a hint: network file systems give none. */
  readonly pollEveryMs?: number;
  /** Two readings this far apart must agree, so that a file still being written is never taken for a short one. */
  readonly settleMs?: number;
}

export interface HostsDeps {
  readonly file: EditedFile;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts only with a faultless file: BAD_CONFIG lists every problem. Later, a faulty one changes nothing. */
export function createHosts({ file, clock, log }: HostsDeps, options: HostsOptions = {}): Hosts {
  const { pollEveryMs = 10_000, settleMs = 250 } = options;
  const nodes = createNodeSet(file.path, log);
  const stopping = new AbortController();
  let hint = new AbortController();
  let lastText: string | undefined;
  let unwatch: (() => Promise<void>) | undefined;
  let following: Promise<void> | undefined;

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = AbortSignal.any([stopping.signal, hint.signal]);
      await clock.sleep(pollEveryMs, woken).catch(() => undefined);
      hint = new AbortController();
      if (!stopping.signal.aborted) await refresh();
    }
  }

  async function refresh(): Promise<void> {
    try {
      const text = await readSettled();
      if (text !== lastText || nodes.problems().some(isUnreadable)) apply(text);
    } catch (err) {
      if (!stopping.signal.aborted) nodes.complain([unreadable(err)]);
    }
  }

  /** The text known already, or another one that two readings agree on. */
  async function readSettled(): Promise<string> {
    let text = await file.read();
    for (let before: string | undefined; text !== before && text !== lastText;) {
      before = text;
      await clock.sleep(settleMs, stopping.signal);
      text = await file.read();
    }
    return text;
  }

  function apply(text: string): void {
    lastText = text;
    const parsed = parseHostsFile(text);
    if (parsed.problems.length > 0) nodes.complain(parsed.problems);
    else nodes.adopt(parsed.nodes);
  }

  return {
    ...nodes,
    async start() {
      if (following !== undefined) return;
      lastText = await file.read().catch((cause: unknown) => {
        throw badFile(file.path, [unreadable(cause)], cause);
      });
      nodes.adopt(faultless(parseHostsFile(lastText), file.path));
      unwatch = await file.watch(() => {
        hint.abort();
      });
      following = follow();
    },
    async stop() {
      stopping.abort();
      await unwatch?.();
      unwatch = undefined;
      await following;
    },
  };
}

function faultless({ nodes, problems }: HostsFile, path: string): readonly NodeSpec[] {
  if (problems.length > 0) throw badFile(path, problems);
  return nodes;
}

/** Line 0 stands for the file as a whole. */
function unreadable(err: unknown): HostsProblem {
  const message = `it cannot be read: ${err instanceof Error ? err.message : String(err)}`;
  return { line: 0, message, remedy: "See that it exists and that the router's account may read it." };
}

function isUnreadable({ line }: HostsProblem): boolean {
  return line === 0;
}

function badFile(path: string, problems: readonly HostsProblem[], cause?: unknown): AppError {
  const remedy = `correct ${path}; docs/hosts-file.md lists every key`;
  return new AppError("BAD_CONFIG", describeProblems(path, problems), { remedy, problems, cause });
}
