import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { AppError } from "../../errors.ts";
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
  await guarded(path, async () => {
    await writeFile(`${path}.new`, revoked.map(toLine).join(""), { mode: 0o600 });
    await rename(`${path}.new`, path);
  });
  return {
    revoked,
    journal: {
      append: (entry) => guarded(path, () => appendFile(path, toLine(entry), { mode: 0o600, flush: true })),
    },
  };
}

async function readLines(path: string): Promise<readonly Revocation[]> {
  const text = await guarded(path, () =>
    readFile(path, "utf8").catch((err: unknown) => {
      if (isAbsent(err)) return "";
      throw err;
    }),
  );
  return text.split("\n").flatMap((line) => {
    const parsed = Line.safeParse(fromJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function toLine({ key, atMs, untilMs }: Revocation): string {
  return `${JSON.stringify({ key, atMs, untilMs })}\n`;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAbsent(err: unknown): boolean {
  return (err as NodeJS.ErrnoException).code === "ENOENT";
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const remedy = "The state directory must be writable, and its disk must have room.";
    throw new AppError("STATE_DIRECTORY", `${path} cannot be used`, { cause, remedy });
  }
}
