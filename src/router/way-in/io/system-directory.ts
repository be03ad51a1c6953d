import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { unlessAborted } from "../../../deadline.ts";
import { AppError } from "../../../errors.ts";
import type { SystemDirectory } from "../../../ports.ts";
import { createTurns, inTurn } from "../../../turns.ts";
import { parseGroupList } from "../decide/group-list.ts";

/**
 * Asks the C library by `id`, hence whatever nsswitch.conf names. In a child: a directory service that hangs takes that
 * and not the router.
 */
export function createSystemDirectory({ command = "id" } = {}): SystemDirectory {
  const turns = createTurns(AT_ONCE);

  async function ask(account: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    signal.throwIfAborted();
    const asking = promisify(execFile)(command, [...WORDS, "--", account], {
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      maxBuffer: 1024 ** 2,
    });
    AbortSignal.any([signal]).addEventListener("abort", () => asking.child.kill("SIGKILL"));
    try {
      return parseGroupList((await unlessAborted(asking, signal)).stdout);
    } catch (err) {
      signal.throwIfAborted();
      return readFailure(err as Failure, account);
    }
  }

  return {
    groupsOf: (account, signal) =>
      unlessAborted(
        inTurn(turns, "", () => ask(account, signal)),
        signal,
      ),
  };
}

const WORDS = ["--groups", "--name", "--zero"];
/** Of a service that hangs, so many children wait; whoever comes later waits for their end. */
const AT_ONCE = 8;

interface Failure extends Error {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** It fails as well where one of the groups has no name: the others count. */
function readFailure(err: Failure, account: string): readonly string[] | undefined {
  const { stdout = "", stderr = "" } = err;
  if (stdout !== "") return parseGroupList(stdout);
  if (stderr.includes("no such user")) return undefined;
  const remedy = `try: id ${account}`;
  throw new AppError("DIRECTORY_SILENT", stderr.trim() || err.message, { cause: err, remedy });
}
