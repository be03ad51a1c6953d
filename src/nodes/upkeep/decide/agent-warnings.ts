import { z } from "zod";

const Facts = z.object({ warnings: z.array(z.string().max(500)).max(20) });

/** What the agent warns of in its answer to `facts`, fit to be shown; undefined if it cannot be read. */
export function parseWarnings(facts: unknown): readonly string[] | undefined {
  const parsed = Facts.safeParse(facts);
  // They are printed on terminals as well.
  return parsed.success ? parsed.data.warnings.map((text) => text.replace(/\p{Cc}+/gu, " ")) : undefined;
}
