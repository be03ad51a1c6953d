import type { ClientChannel } from "ssh2";
import { AppError } from "../../../errors.ts";

/** How a command ended; `errorText` is the end of its standard error. */
export type CommandEnd =
  | { readonly kind: "exited"; readonly exitCode: number | null; readonly errorText: string }
  | { readonly kind: "lost" };

/** No answer of ours comes near: a longer line is not our protocol. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_TEXT = 4 * 1024;

/**
 * Reads a running command to its end, giving each line of standard output to `onLine` (an empty one is
 * skipped). An abort, and whatever `onLine` throws, closes the channel and rejects.
 */
export function runCommand(
  channel: ClientChannel,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const split = createLineSplitter(onLine);
    let errorText = "";

    function fail(err: Error): void {
      signal.removeEventListener("abort", onAbort);
      channel.off("close", onClose);
      channel.removeAllListeners("data");
      channel.resume();
      channel.close();
      reject(err);
    }
    function onAbort(): void {
      fail(signal.reason as Error);
    }
    function onClose(exitCode?: number | null): void {
      signal.removeEventListener("abort", onAbort);
      attempt(() => {
        split.end();
        resolve(exitCode === undefined ? { kind: "lost" } : { kind: "exited", exitCode, errorText });
      }, reject);
    }

    signal.addEventListener("abort", onAbort, { once: true });
    channel.on("data", (chunk: Buffer) => {
      attempt(() => {
        split.push(chunk);
      }, fail);
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      errorText = (errorText + chunk.toString("utf8")).slice(-MAX_ERROR_TEXT);
    });
    channel.on("close", onClose);
    if (signal.aborted) onAbort();
  });
}

function attempt(work: () => void, onError: (err: Error) => void): void {
  try {
    work();
  } catch (err) {
    onError(err as Error);
  }
}

/** Cuts bytes into lines, whatever pieces they come in; `end` gives out a last line without a newline. */
function createLineSplitter(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  let pieces: Buffer[] = [];
  let heldBytes = 0;

  function flush(): void {
    const line = Buffer.concat(pieces).toString("utf8").trim();
    pieces = [];
    heldBytes = 0;
    if (line !== "") onLine(line);
  }

  return {
    push(chunk) {
      let rest = chunk;
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        pieces.push(rest.subarray(0, at));
        rest = rest.subarray(at + 1);
        flush();
      }
      pieces.push(rest);
      heldBytes += rest.length;
      if (heldBytes > MAX_LINE_BYTES) throw new AppError("AGENT_ANSWER", "a line of the answer is too long");
    },
    end: flush,
  };
}
