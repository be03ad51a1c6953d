import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { CacheSection } from "./cache-config.ts";
import { Duration } from "./config-values.ts";
import { withoutPasswords } from "./discovery/decide/redis-place.ts";
import { AppError } from "./errors.ts";
import { HubSection } from "./hub-config.ts";
import { NodeName } from "./json-text.ts";
import { PlacementSection } from "./placement-config.ts";
import { IdleSection, RebalanceSection } from "./rebalance-config.ts";

const Origin = z
  .string()
  .refine(
    (text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text,
    "an origin such as https://admin.lab.example.org, without path or usual port",
  );

const ConfigFile = z.strictObject({
  hosts_file: z.string().default("/etc/multijhub/hosts"),
  state_dir: z.string().default("/var/lib/multijhub"),
  listen: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(8000),
      https_in_front: z.boolean().default(false),
    })
    .prefault({}),
  tls: z.strictObject({ certificate: z.string(), key: z.string() }).optional(),
  lobby: z.array(NodeName).default([]),
  admin: z
    .strictObject({
      users: z.array(z.string()).default([]),
      groups: z.array(z.string()).default([]),
      origin: Origin.optional(),
    })
    .prefault({}),
  auth: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("hub") }),
      z.strictObject({
        kind: z.literal("header"),
        user_header: z.string().default("Remote-User"),
        groups_header: z.string().optional(),
        secret_header: z.string().default("X-Multijhub-Proxy-Secret"),
        secret_file: z.string(),
        proxies: z.array(z.string()).min(1),
      }),
    ])
    .default({ kind: "hub" }),
  session: z.strictObject({ idle: Duration.prefault("15m"), max: Duration.prefault("8h") }).prefault({}),
  ssh: z
    .strictObject({
      key_file: z.string().optional(),
      agent: z.boolean().default(false),
      config_file: z.string().optional(),
      known_hosts: z.array(z.string()).default(["~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"]),
      connect_timeout: Duration.prefault("10s"),
      keepalive: Duration.prefault("5s"),
    })
    .prefault({}),
  hub: HubSection.prefault({}),
  server: z
    .strictObject({
      start_timeout: Duration.prefault("120s"),
      /** How long a node must have been silent before its users may start a new server elsewhere. */
      start_elsewhere_after: Duration.prefault("5m"),
      /** How long a server that its hub has lost is left alone when its owner keeps it. */
      keep_lost: Duration.prefault("8h"),
    })
    .prefault({}),
  placement: PlacementSection.prefault({}),
  home: z
    .strictObject({
      /** Where the router sees homes; without it, where the nodes' `getent` says they are. */
      path: z
        .string()
        .regex(
          /^\/(?:[^/{}]+\/)*\{user\}(?:\/[^/{}]+)*$/,
          "an absolute path with {user} for the user's folder",
        )
        .optional(),
      group: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, "the name of a group")
        .nullable()
        .default("multijhub"),
      read: z.boolean().default(true),
      deadline: Duration.prefault("2s"),
    })
    .prefault({}),
  metrics: z.strictObject({ token_file: z.string().optional() }).prefault({}),
  cache: CacheSection.prefault({}),
  rebalance: RebalanceSection.prefault({}),
  idle: IdleSection.prefault({}),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type Config = Readonly<z.infer<typeof ConfigFile>>;

/** Reads and checks a configuration file; relative paths in it are relative to it. Lists every mistake at once. */
export function loadConfig(file: string): Config {
  return parseConfig(readText(file), { file, home: homedir() });
}

/** Checks configuration text as if it stood in `file`. Throws BAD_CONFIG with every mistake. */
export function parseConfig(
  text: string,
  { file, home }: { readonly file: string; readonly home: string },
): Config {
  const parsed = ConfigFile.safeParse(parseYaml(text, file) ?? {});
  if (!parsed.success) {
    const remedy = `correct ${file}; docs/configuration.md lists every key`;
    throw new AppError("BAD_CONFIG", `${file}:\n${z.prettifyError(parsed.error)}`, { remedy });
  }
  const config = parsed.data;
  const path = createPathResolver(dirname(resolve(file)), home);
  return {
    ...config,
    hosts_file: path(config.hosts_file),
    state_dir: path(config.state_dir),
    ...(config.tls && { tls: { certificate: path(config.tls.certificate), key: path(config.tls.key) } }),
    auth:
      config.auth.kind === "header"
        ? { ...config.auth, secret_file: path(config.auth.secret_file) }
        : config.auth,
    ssh: {
      ...config.ssh,
      known_hosts: config.ssh.known_hosts.map(path),
      ...(config.ssh.key_file !== undefined && { key_file: path(config.ssh.key_file) }),
      ...(config.ssh.config_file !== undefined && { config_file: path(config.ssh.config_file) }),
    },
    metrics: {
      ...(config.metrics.token_file !== undefined && { token_file: path(config.metrics.token_file) }),
    },
    cache: {
      ...config.cache,
      ...(config.cache.passwordFile !== undefined && { passwordFile: path(config.cache.passwordFile) }),
      ...(config.cache.caFile !== undefined && { caFile: path(config.cache.caFile) }),
    },
  };
}

/** Whether browsers reach the router by https: by its own certificate, or by a proxy in front that has one. */
export function isHttps({ tls, listen }: Config): boolean {
  return tls !== undefined || listen.https_in_front;
}

/** The running router's private socket: whoever may open the state directory is an admin. */
export function adminSocketOf({ state_dir }: Config): string {
  return join(state_dir, "admin.sock");
}

function createPathResolver(base: string, home: string): (path: string) => string {
  return (path) => (path.startsWith("~/") ? resolve(home, path.slice(2)) : resolve(base, path));
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AppError("BAD_CONFIG", `${file} is not YAML: ${withoutPasswords(messageOf(cause))}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const remedy = "give the configuration with --config FILE";
    throw new AppError("BAD_CONFIG", `cannot read ${file}: ${messageOf(cause)}`, { cause, remedy });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
