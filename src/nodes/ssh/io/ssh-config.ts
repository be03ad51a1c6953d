import { readFile } from "node:fs/promises";
import SSHConfig from "ssh-config";
import { AppError } from "../../../errors.ts";

/** What `~/.ssh/config` says of one host; paths and tokens not yet expanded. */
export interface HostSettings {
  readonly hostName?: string;
  readonly port?: number;
  readonly user?: string;
  readonly hostKeyAlias?: string;
  readonly proxyCommand?: string;
  /** Hosts to go through, the outermost first. */
  readonly proxyJump: readonly string[];
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly knownHostsFiles: readonly string[];
}

export interface SshConfig {
  /** The settings for a host by the name one would type. Throws SSH_CONFIG for values that make no sense. */
  settingsOf(alias: string): HostSettings;
}

/**
 * Reads an OpenSSH client configuration; a file that is not there is an empty one. `Match exec` is never
 * run, `Include` is refused rather than ignored. Throws SSH_CONFIG where the file cannot be read.
 */
export async function readSshConfig(file: string | undefined): Promise<SshConfig> {
  const config = parse(file === undefined ? "" : await readText(file), file ?? "");
  return {
    settingsOf: (alias) => settingsFrom(config.compute(alias, { ignoreCase: true, matchExec: false }), file),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw broken(file, (cause as Error).message, cause);
  }
}

function parse(text: string, file: string): SSHConfig {
  let config: SSHConfig;
  try {
    config = SSHConfig.parse(text);
  } catch (cause) {
    throw broken(file, (cause as Error).message, cause);
  }
  for (const line of config) {
    if (line.type !== SSHConfig.DIRECTIVE) continue;
    if (/^include$/i.test(line.param)) throw broken(file, "Include is not supported");
    if (!/^[a-z0-9]+$/i.test(line.param)) throw broken(file, `"${line.param}" is no keyword`);
  }
  return config;
}

function settingsFrom(raw: Record<string, string | string[]>, file = ""): HostSettings {
  const port = first(raw["port"]);
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65535))
    throw broken(file, `Port ${port} is no port`);
  return {
    ...optional("hostName", first(raw["hostname"])),
    ...optional("user", first(raw["user"])),
    ...optional("hostKeyAlias", first(raw["hostkeyalias"])),
    ...optional("proxyCommand", first(raw["proxycommand"]), isSet),
    ...(port === undefined ? {} : { port: Number(port) }),
    proxyJump: list(raw["proxyjump"])
      .flatMap((hops) => hops.split(","))
      .filter(isSet),
    identityFiles: list(raw["identityfile"]).filter(isSet),
    identitiesOnly: first(raw["identitiesonly"])?.toLowerCase() === "yes",
    knownHostsFiles: list(raw["userknownhostsfile"]).filter(isSet),
  };
}

/** OpenSSH writes "none" for "nothing, and look no further". */
function isSet(value: string): boolean {
  return value !== "" && value.toLowerCase() !== "none";
}

function optional<K extends string>(key: K, value: string | undefined, accepts = (v: string) => v !== "") {
  return (value !== undefined && accepts(value) ? { [key]: value } : {}) as Partial<Record<K, string>>;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function list(value: string | string[] | undefined): readonly string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function broken(file: string, problem: string, cause?: unknown): AppError {
  return new AppError("SSH_CONFIG", `${file} cannot be used: ${problem}`, {
    remedy: `correct ${file}`,
    cause,
  });
}
