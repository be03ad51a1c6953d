import { z } from "zod";
import type { LoadSample } from "../../model.ts";

const Bytes = z.number().nonnegative();

const Sample = z.object({
  clockMs: z.number(),
  cores: z.number().positive(),
  load1: z.number().nonnegative(),
  memoryTotalBytes: z.number().positive(),
  memoryAvailableBytes: Bytes,
  memoryPressure: z.number().min(0).max(1).nullish(),
  servers: z.int().nonnegative(),
  users: z.int().nonnegative(),
});

export type SampleReading =
  { readonly ok: true; readonly sample: LoadSample } | { readonly ok: false; readonly detail: string };

/** Reads a sample of the agent that came in at `receivedAtMs` of the router's clock. */
export function parseLoadSample(item: unknown, receivedAtMs: number): SampleReading {
  const parsed = Sample.safeParse(item);
  if (!parsed.success) return { ok: false, detail: z.prettifyError(parsed.error) };
  const { clockMs, memoryPressure, ...figures } = parsed.data;
  return {
    ok: true,
    sample: {
      ...figures,
      memoryAvailableBytes: Math.min(figures.memoryAvailableBytes, figures.memoryTotalBytes),
      takenAtMs: receivedAtMs,
      clockOffsetMs: clockMs - receivedAtMs,
      ...(typeof memoryPressure === "number" && { memoryPressure }),
    },
  };
}
