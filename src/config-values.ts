import { z } from "zod";

/** What values of the configuration file look like. */

/** "15m", "8h", "30s", "500ms" as milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, "a duration such as 30s, 15m or 8h")
  .transform((text) => Number.parseInt(text, 10) * UNIT_MS[text.replace(/\d+/, "") as keyof typeof UNIT_MS]);
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A key that is no more; `instead` says what there is now. */
export function gone(instead: string) {
  return z.never({ error: `is no more: ${instead}` }).optional();
}

/** "512M", "2G" as bytes. */
export const Size = z
  .string()
  .regex(/^\d+[KMGT]$/, "a size such as 512M or 2G")
  .transform((text) => Number.parseInt(text, 10) * 1024 ** ("KMGT".indexOf(text.slice(-1)) + 1));
