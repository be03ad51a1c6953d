import { z } from "zod";
import { Duration } from "./config-values.ts";

const Port = z.int().min(1).max(65_535);

/** A duration, or undefined for never. */
const DurationOrNever = z.union([z.literal("never").transform(() => undefined), Duration]);

/** The section `hub` of the configuration file. */
export const HubSection = z.strictObject({
  ports: z
    .strictObject({ proxy: Port.default(910), hub: Port.default(911), api: Port.default(912) })
    .prefault({}),
  jupyterhub: z.string().optional(),
  proxy_command: z.array(z.string()).min(1).optional(),
  admin_users: z.array(z.string()).default([]),
  start_timeout: Duration.prefault("60s"),
  /** Nodes and labels whose hubs run although nobody asks, or for how many of the nodes that is so. */
  warm: z.union([z.int().min(0), z.array(z.string().min(1))]).default([]),
  /** A hub that nobody has used for so long is stopped. */
  stop_empty_after: DurationOrNever.prefault("1h"),
  /** A hub that runs and has not answered for so long is started anew. */
  hung_after: DurationOrNever.prefault("3m"),
  /** Whether hubs are started anew by themselves when hub.d has changed. */
  roll: z.enum(["auto", "manual"]).default("auto"),
});
