import { appendFile, rename, stat } from "node:fs/promises";
import type { Audit, Clock, Log } from "./ports.ts";
import { iso } from "./wall-clock.ts";

export interface AuditFileDeps {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

/** One JSON line an act, in a file that is put aside as `FILE.1` when it has become large, and in the log. */
export function createAuditFile(
  path: string,
  { clock, log }: AuditFileDeps,
  { maxBytes }: { readonly maxBytes: number },
): Audit {
  let last: Promise<unknown> = Promise.resolve();

  async function append(line: string): Promise<void> {
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size >= maxBytes) await rename(path, `${path}.1`);
    await appendFile(path, line, { mode: 0o600, flush: true });
  }

  return {
    note(act, words) {
      log.info(act, words);
      const line = `${JSON.stringify({ at: iso(clock.now()), ...act })}\n`;
      last = last
        .then(() => append(line))
        .catch((err: unknown) => {
          log.error({ err }, "audit log not written");
        });
      return last.then(() => undefined);
    },
  };
}
