import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { parseJsonText } from "../../../json-text.ts";
import { onStateFile, whenAbsent } from "../../../state-file.ts";
import type { Revocation, RevocationJournal } from "../decide/revocation.ts";

const Line = z.object({ key: z.string(), atMs: z.number(), untilMs: z.number() });

/** A journal and what it held when it was opened. */
export interface OpenJournal {
  readonly journal: RevocationJournal;
  readonly revoked: readonly Revocation[];
}

/**
 * Revocations in a file of the state directory, one JSON line each, so that who signed out stays signed out when the
 * router restarts. What matters no more is dropped on opening; a torn last line too. Throws STATE_DIRECTORY.
 */
export async function openRevocationJournal(path: string, nowMs: number): Promise<OpenJournal> {
  const revoked = (await readLines(path)).filter(({ untilMs }) => untilMs > nowMs);
  await onStateFile(path, async () => {
    await writeFile(`${path}.new`, revoked.map(toLine).join(""), { mode: 0o600 });
    await rename(`${path}.new`, path);
  });
  return {
    revoked,
    journal: {
      append: (entry) =>
        onStateFile(path, () => appendFile(path, toLine(entry), { mode: 0o600, flush: true })),
    },
  };
}

async function readLines(path: string): Promise<readonly Revocation[]> {
  const text = await onStateFile(path, () => readFile(path, "utf8").catch(whenAbsent("")));
  return text.split("\n").flatMap((line) => parseJsonText(Line, line) ?? []);
}

function toLine({ key, atMs, untilMs }: Revocation): string {
  return `${JSON.stringify({ key, atMs, untilMs })}\n`;
}
