import { readFile } from "node:fs/promises";
import type { Attempt, RouterSituation } from "../checks/decide/router-checks.ts";
import { lookAtKeyFile, lookAtPort, lookAtState, lookAtTls, ownIds } from "../checks/io/router-machine.ts";
import { adminSocketOf, type Config } from "../config.ts";
import { within } from "../deadline.ts";
import { AppError } from "../errors.ts";
import { type HostsFile, parseHostsFile } from "../nodes/inventory/decide/hosts-file.ts";
import { listKeys } from "../nodes/keys/io/key-files.ts";
import { exists } from "../nodes/keys/io/private-file.ts";
import { createCache } from "./cache.ts";
import type { System } from "./node-reach.ts";
import { readSecret } from "./secret-file.ts";

const CACHE_MS = 5_000;

/** The hosts file as it is now; that it cannot be read is a problem of line 0. */
export async function readHosts(path: string): Promise<HostsFile> {
  try {
    return parseHostsFile(await readFile(path, "utf8"));
  } catch (err) {
    const message = `it cannot be read: ${(err as Error).message}`;
    return {
      nodes: [],
      problems: [{ line: 0, message, remedy: `write it, one host a line; docs/hosts-file.md` }],
    };
  }
}

/** What the router's checks are judged by. Makes nothing: neither the state directory nor keys. */
export async function gatherRouter(
  config: Config,
  system: System,
  configFile: string,
  { nodes, problems }: HostsFile,
): Promise<RouterSituation> {
  const { state_dir, ssh, tls, listen } = config;
  const state = await lookAtState(state_dir);
  return {
    nowMs: system.clock.now(),
    uid: ownIds().uid,
    configFile,
    state,
    keys: state.found && (await tryKeys(state_dir)),
    hosts: { path: config.hosts_file, nodes: nodes.length, problems },
    sshKey: ssh.key_file === undefined ? undefined : await lookAtKeyFile(ssh.key_file),
    secrets: await trySecrets(config),
    listen: await lookAtPort(listen, adminSocketOf(config)),
    tls: tls && (await lookAtTls(tls)),
    cache: config.cache.place && (await tryCache(config, system)),
  };
}

async function tryKeys(directory: string): Promise<Attempt | undefined> {
  if (!(await exists(`${directory}/master.key`))) return undefined;
  return attempt(async () => `${(await listKeys(directory)).length} keys`);
}

function trySecrets({ auth, metrics, cache }: Config): Promise<Attempt[]> {
  const files = [
    ...(auth.kind === "header" ? [{ file: auth.secret_file, key: "auth.secret_file" }] : []),
    ...(metrics.token_file === undefined
      ? []
      : [{ file: metrics.token_file, key: "metrics.token_file", minLength: 16 }]),
    ...(cache.passwordFile === undefined ? [] : [{ file: cache.passwordFile, key: "cache.password_file" }]),
  ];
  return Promise.all(
    files.map(({ file, key, minLength }) =>
      attempt(() => {
        readSecret(file, key, minLength);
        return Promise.resolve(`${key} can be read`);
      }),
    ),
  );
}

function tryCache({ cache }: Config, system: System): Promise<Attempt> {
  const remedy = "start Redis, and see cache.* in the configuration; docs/cache.md";
  return attempt(async () => {
    const opened = createCache(cache, system);
    const limits = {
      signal: new AbortController().signal,
      deadline: system.clock.deadline(CACHE_MS),
      late: () =>
        new AppError("STORE_UNAVAILABLE", `Redis did not answer within ${CACHE_MS / 1000} s`, { remedy }),
    };
    try {
      await within(limits, async () => {
        await opened.start();
        await opened.get("check");
      });
      return "Redis answers";
    } finally {
      await opened.stop();
    }
  }, remedy);
}

async function attempt(work: () => Promise<string>, otherwise = ""): Promise<Attempt> {
  try {
    return { ok: true, words: await work() };
  } catch (err) {
    const remedy = err instanceof AppError && err.remedy !== "" ? err.remedy : otherwise;
    return { ok: false, message: err instanceof Error ? err.message : String(err), remedy };
  }
}
