import { homedir, userInfo } from "node:os";
import { AppError } from "../../../errors.ts";
import type { NodeSpec } from "../../../model.ts";
import { type HostSettings, type SshConfig, readSshConfig } from "./ssh-config.ts";

/** Where and as whom to connect: a line of the hosts file and `~/.ssh/config`, merged. */
export interface SshTarget {
  /** The node's name, or the jump host as configured: for messages. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Names the host may be known by in known_hosts, best first. */
  readonly hostKeyNames: readonly string[];
  /** Key files of `~/.ssh/config`; empty: the usual ones. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly knownHostsFiles: readonly string[];
  /** The host to go through. */
  readonly jump?: SshTarget;
}

const MAX_JUMPS = 8;

/**
 * Resolves a node. `~/.ssh/config` is asked for the node's address, as Ansible does with `ansible_host`;
 * what the hosts file says of user and (other than 22) port comes first. Throws SSH_CONFIG.
 */
export async function resolveTarget(spec: NodeSpec, configFile: string | undefined): Promise<SshTarget> {
  const config = await readSshConfig(configFile);
  const settings = config.settingsOf(spec.address);
  const port = spec.sshPort === 22 ? (settings.port ?? 22) : spec.sshPort;
  const user = spec.sshUser ?? settings.user ?? "root";
  return buildTarget(
    { name: spec.id, alias: spec.address, port, user, otherNames: [spec.id] },
    config,
    settings,
    0,
  );
}

interface Wanted {
  readonly name: string;
  readonly alias: string;
  readonly port: number;
  readonly user: string;
  readonly otherNames: readonly string[];
}

function buildTarget(wanted: Wanted, config: SshConfig, settings: HostSettings, depth: number): SshTarget {
  const { name, alias, port, user, otherNames } = wanted;
  if (depth > MAX_JUMPS) throw sshConfigError(name, "its ProxyJump goes in a circle");
  if (settings.proxyCommand !== undefined) {
    throw sshConfigError(name, "ProxyCommand is not supported", "use ProxyJump");
  }
  const host = (settings.hostName ?? alias).replaceAll("%h", alias).replaceAll("%%", "%");
  function expand(file: string): string {
    return expandTokens(file, { host, user });
  }
  const jump = buildJumps(settings.proxyJump, config, depth);
  return {
    name,
    host,
    port,
    user,
    hostKeyNames: settings.hostKeyAlias === undefined ? [host, ...otherNames] : [settings.hostKeyAlias],
    identityFiles: settings.identityFiles.map(expand),
    identitiesOnly: settings.identitiesOnly,
    knownHostsFiles: settings.knownHostsFiles.map(expand),
    ...(jump === undefined ? {} : { jump }),
  };
}

/** `a,b` means: first a, then b, then the target. Only the first may have jumps of its own, as in OpenSSH. */
function buildJumps(hops: readonly string[], config: SshConfig, depth: number): SshTarget | undefined {
  let previous: SshTarget | undefined;
  for (const hop of hops) {
    const { host: alias, port, user } = parseHop(hop);
    const settings = config.settingsOf(alias);
    const wanted = {
      name: alias,
      alias,
      port: port ?? settings.port ?? 22,
      user: user ?? settings.user ?? localUser(),
      otherNames: [],
    };
    const own = previous === undefined ? settings : { ...settings, proxyJump: [] };
    const target = buildTarget(wanted, config, own, depth + 1);
    previous = previous === undefined ? target : { ...target, jump: previous };
  }
  return previous;
}

function parseHop(hop: string): { host: string; port?: number; user?: string } {
  const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:@[\]]+))(?::(\d{1,5}))?\/?$/.exec(hop);
  const host = match?.[2] ?? match?.[3];
  if (match === null || host === undefined) throw sshConfigError(hop, "a ProxyJump that cannot be read");
  const [, user, , , port] = match;
  return { host, ...(port && { port: Number(port) }), ...(user && { user }) };
}

function expandTokens(text: string, { host, user }: { host: string; user: string }): string {
  const tokens: Readonly<Record<string, string>> = {
    d: homedir(),
    h: host,
    r: user,
    u: localUser(),
    "%": "%",
  };
  return text
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/%([a-zA-Z%])/g, (whole, letter: string) => tokens[letter] ?? whole);
}

/** An account without a name (a bare uid in a container) has none. */
function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "root";
  }
}

function sshConfigError(name: string, problem: string, remedy = "correct ~/.ssh/config"): AppError {
  return new AppError("SSH_CONFIG", `${name}: ${problem}`, { remedy });
}
