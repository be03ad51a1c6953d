import { z } from "zod";
import { Duration, Size } from "./config-values.ts";

const Labels = z.array(z.string().min(1)).default([]);

/** The section `placement` of the configuration file. */
export const PlacementSection = z.strictObject({
  sample_every: Duration.prefault("2s"),
  max_sample_age: Duration.prefault("15s"),
  server_memory: Size.prefault("512M"),
  server_cores: z.number().positive().default(0.25),
  /** How long new servers are expected to grow, and to which size. */
  growth: Duration.prefault("30m"),
  grown_memory: Size.prefault("2G"),
  /** The most that a user's servers are expected to take, whatever they took before. */
  largest_server: Size.prefault("64G"),
  memory_headroom: Size.prefault("512M"),
  /** "assigned": every server that asks for GPUs has them to itself, and the others see none. */
  gpus: z.enum(["shared", "assigned"]).default("shared"),
  /** What users choose from before their first start; empty: nobody is asked. */
  choices: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "lower-case letters, digits and dashes"),
        title: z.string().min(1).max(80),
        labels: Labels,
        gpus: z.int().min(0).max(16).default(0),
      }),
    )
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "a name is there twice")
    .default([]),
  /** Labels that the servers of a group's members ask for. */
  groups: z.record(z.string(), z.strictObject({ labels: Labels })).default({}),
  /** Whose word says who is in these groups. */
  groups_from: z.enum(["sign-in", "system", "both"]).default("both"),
});
