import { z } from "zod";
import { parseJsonText } from "../../../json-text.ts";

/** One revocation: the key it has in the store, and until when it matters. */
export interface Revocation {
  readonly key: string;
  /** The moment it speaks of: sessions begun later are untouched. */
  readonly atMs: number;
  readonly untilMs: number;
}

/** Keeps revocations over a restart of the router. */
export interface RevocationJournal {
  /** Resolves when the revocation is on disk; rejects with STATE_DIRECTORY. */
  append(entry: Revocation): Promise<void>;
}

const RevocationText = z.object({
  key: z
    .string()
    .regex(/^(revoked|signed-out)\/./)
    .max(500),
  atMs: z.number(),
});

/** What another router says of a revocation; undefined for anything else. */
export function parseRevocation(text: string): Pick<Revocation, "key" | "atMs"> | undefined {
  return parseJsonText(RevocationText, text);
}
