import { validate } from "node-cron";
import { z } from "zod";
import { Duration, gone } from "./config-values.ts";

const Share = z.number().gt(0).max(1);
const Cap = z.int().min(0).max(10_000);

const Schedule = z
  .string()
  .refine(validate, 'a cron expression such as "*/10 * * * *" (minute hour day month weekday)');

const TimeZone = z.string().refine(isTimeZone, "the IANA name of a time zone, such as Europe/Berlin");

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Owners' names go there: in the clear to this machine only. */
const Webhook = z
  .string()
  .refine((text) => URL.canParse(text) && isClosed(new URL(text)), "an https URL, or http on loopback");

/** The section `rebalance` of the configuration file. */
export const RebalanceSection = z
  .strictObject({
    mode: z.enum(["off", "report", "act"]).default("report"),
    schedule: Schedule.default("*/10 * * * *"),
    time_zone: TimeZone.optional(),
    /** Use of a node's scarcest resource above which it is hot, and below which it is cold. */
    hot_above: Share.default(0.85),
    cold_below: Share.default(0.5),
    /** And so far from the mean of all nodes. */
    away_from_mean: z.number().min(0).max(0.5).default(0.1),
    /** How far below `hot_above` a hot node must come before it counts as hot no more. */
    hysteresis: z.number().min(0).max(0.5).default(0.1),
    /** What frees a smaller share of a hot node's memory is not worth disturbing anybody. */
    least_relief: z.number().min(0).max(1).default(0.005),
    caps: z
      .strictObject({
        per_node: Cap.default(3),
        per_run: Cap.default(10),
        per_user_per_day: Cap.default(1),
      })
      .prefault({}),
    /** Servers that were started or moved so lately are left alone. */
    rest: Duration.prefault("1h"),
    /** Plans of so short a time share their caps. */
    settle: Duration.prefault("10m"),
    /** Whether a hub is started where owners of stopped servers are expected next. */
    warm_hubs: z.boolean().default(true),
    /** Whether plans stop the hubs that nobody has used for `hub.stop_empty_after`, and nothing else does. */
    stop_empty_hubs: z.boolean().default(false),
    stop_empty_hubs_after: gone("say after how long in hub.stop_empty_after, and here stop_empty_hubs: true"),
    /** Between the notice to an owner and the stop. */
    grace: Duration.prefault("15m"),
    /** How long a plan may be approved. */
    approve_within: Duration.prefault("1h"),
    /** What a server said of itself longer ago does not count. */
    stale_after: Duration.prefault("3m"),
    keep_plans: Duration.prefault("7d"),
    webhook: Webhook.optional(),
    /** Where owners find `/home`, as the webhook tells them. */
    home_url: z.string().default("/home"),
  })
  .refine(({ hot_above, cold_below }) => cold_below < hot_above, "cold_below must be less than hot_above");

/** The section `idle`: what counts as idle, and what becomes of it. */
export const IdleSection = z.strictObject({
  after: Duration.prefault("1h"),
  /** Nothing computed for so long: open tabs do not make a server busy. */
  ignore_tabs_after: Duration.optional(),
  /** Idle for so long: stopped, wherever it runs. */
  cull_after: Duration.optional(),
  /** For how long an owner may keep an idle server. */
  keep_for: Duration.prefault("8h"),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function isClosed({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
}
