import { AppError } from "../../errors.ts";
import type { Clock, EditedFile, Log, NodeMemory, Service } from "../../ports.ts";
import { describeProblems, parseHostsFile } from "./decide/hosts-file.ts";
import type { HostsFile, HostsProblem } from "./decide/hosts-file.ts";
import { keepNodes } from "./kept-nodes.ts";
import { createNodeSet } from "./node-set.ts";
import type { NodeSet } from "./node-set.ts";

/** The nodes there are, as the hosts file has them; follows its edits. Those that leave it stay until they are empty. */
export interface Hosts extends Service, Omit<NodeSet, "adopt" | "complain"> {}

/** The file is read again this often even without a hint: network file systems give none. */
const POLL_EVERY_MS = 10_000;
/** Two readings this far apart must agree, so that a file still being written is never taken for a short one. */
const SETTLE_MS = 250;

export interface HostsDeps {
  readonly file: EditedFile;
  /** What was known before this router started, and where to keep it; without it nothing is remembered. */
  readonly memory?: NodeMemory;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A faulty file changes nothing: the nodes stay as they were known last, also over a restart. Only where none are known
 * a faultless one is needed: BAD_CONFIG lists every problem.
 */
export function createHosts({ file, memory, clock, log }: HostsDeps): Hosts {
  const nodes = createNodeSet(file.path, log, memory?.known);
  const stopping = new AbortController();
  let hint = new AbortController();
  let lastText: string | undefined;
  let unwatch: (() => Promise<void>) | undefined;
  let following: Promise<void> | undefined;
  const kept = memory && keepNodes(nodes, memory, log);

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = AbortSignal.any([stopping.signal, hint.signal]);
      await clock.sleep(POLL_EVERY_MS, woken).catch(() => undefined);
      hint = new AbortController();
      if (!stopping.signal.aborted) await refresh();
    }
  }

  async function refresh(): Promise<void> {
    try {
      const text = await readSettled(file, lastText, clock, stopping.signal);
      if (text !== lastText || nodes.problems().some(isUnreadable)) apply(text);
    } catch (err) {
      if (!stopping.signal.aborted) nodes.complain([unreadable(err)]);
    }
  }

  function apply(text: string): void {
    lastText = text;
    take(parseHostsFile(text));
  }

  function take(parsed: HostsFile): void {
    if (parsed.problems.length > 0) nodes.complain(parsed.problems);
    else nodes.adopt(parsed.nodes);
  }

  async function takeFirst(): Promise<void> {
    const first = await readFirst(file);
    if (nodes.all().length === 0) requireFaultless(first.parsed, file.path);
    lastText = first.text;
    take(first.parsed);
  }

  return {
    ...nodes,
    async start() {
      if (following !== undefined) return;
      await takeFirst();
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
      await kept?.settled();
    },
  };
}

/** The text known already, or another one that two readings agree on. */
async function readSettled(
  file: EditedFile,
  known: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  let text = await file.read();
  for (let before: string | undefined; text !== before && text !== known;) {
    before = text;
    await clock.sleep(SETTLE_MS, signal);
    text = await file.read();
  }
  return text;
}

/** A file that cannot be read has that for its problem. */
async function readFirst(file: EditedFile): Promise<{ readonly text?: string; readonly parsed: HostsFile }> {
  try {
    const text = await file.read();
    return { text, parsed: parseHostsFile(text) };
  } catch (err) {
    return { parsed: { nodes: [], problems: [unreadable(err)] } };
  }
}

function requireFaultless({ problems }: HostsFile, path: string): void {
  if (problems.length === 0) return;
  const remedy = `correct ${path}; docs/hosts-file.md lists every key`;
  throw new AppError("BAD_CONFIG", describeProblems(path, problems), { remedy, problems });
}

/** Line 0 stands for the file as a whole. */
function unreadable(err: unknown): HostsProblem {
  const message = `it cannot be read: ${err instanceof Error ? err.message : String(err)}`;
  return { line: 0, message, remedy: "See that it exists and that the router's account may read it." };
}

function isUnreadable({ line }: HostsProblem): boolean {
  return line === 0;
}
