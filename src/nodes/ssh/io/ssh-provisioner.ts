import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { AppError } from "../../../errors.ts";
import type { NodeId, NodeSpec } from "../../../model.ts";
import type { Clock } from "../../../ports.ts";
import { sudoObjection } from "../decide/sudo-objection.ts";
import { type CommandEnd, runCommand } from "./ssh-command.ts";
import type { SshPool } from "./ssh-pool.ts";

export interface ProvisionerDeps {
  readonly pool: Pick<SshPool, "client">;
  specOf(node: NodeId): NodeSpec | undefined;
  readonly clock: Clock;
}

export interface ProvisionerOptions {
  /** What is installed: a directory with `agent.py` at its top. */
  readonly directory: string;
  /** Where on the node; `/usr/local` unless a test says otherwise. */
  readonly prefix?: string;
  readonly timeoutMs?: number;
}

export interface ProvisionReport {
  readonly node: NodeId;
  readonly outcome: "installed" | "unchanged" | "would-install";
  /** SHA-256 of what is to be there, and of what was there before (absent: nothing). */
  readonly contentHash: string;
  readonly previousHash?: string;
  readonly installedAt: string;
}

export interface Provisioner {
  /**
   * Puts the agent on a node, unless exactly it is there. A new version appears in one step (a symbolic link
   * is replaced), so a running agent never sees half of one; the version before it is kept. Needs only `sh` and
   * `tar` there. Throws the codes of the connection, NOT_ROOT, AGENT_ANSWER, NODE_TIMEOUT.
   */
  provision(node: NodeId, options: { dryRun: boolean }, signal: AbortSignal): Promise<ProvisionReport>;
}

/** GNU tar: the same files always make the same bytes, so their hash names the version. */
const TAR_ARGUMENTS = [
  "--create",
  "--sort=name",
  "--mtime=@0",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mode=u=rwX,go=rX",
  "--exclude=__pycache__",
];

/** Arguments: mode (check or install), hash, prefix. The archive comes by standard input. No single quotes in here. */
const REMOTE_SCRIPT = [
  `set -eu; umask 022; mode=$1; hash=$2; lib=$3/lib/multijhub; bin=$3/bin/multijhub-agent`,
  `had=$(cat "$lib/.content-sha256" 2>/dev/null || echo none)`,
  `if [ "$had" = "$hash" ] && [ "$(readlink "$bin")" = "$lib/agent.py" ]; then echo "provision: unchanged $had"; exit 0; fi`,
  `if [ "$mode" = check ]; then echo "provision: would-install $had"; exit 0; fi`,
  `mkdir -p "$3/lib" "$3/bin"`,
  `if [ "$had" != "$hash" ]; then new=$lib-$hash; rm -rf "$new.part" "$new"; mkdir "$new.part"`,
  `tar -xf - --no-same-owner -C "$new.part"; chmod 755 "$new.part/agent.py"; echo "$hash" > "$new.part/.content-sha256"`,
  `mv "$new.part" "$new"; was=$(readlink "$lib" || true); ln -sfn "$new" "$lib.link"`,
  `if [ -d "$lib" ] && [ ! -L "$lib" ]; then rm -rf "$lib.old"; mv "$lib" "$lib.old"; fi`,
  `mv -T "$lib.link" "$lib"; rm -rf "$lib.old"`,
  `for old in "$lib"-*; do case $old in "$new"|"$was") ;; *) rm -rf "$old";; esac; done; fi`,
  `ln -sfn "$lib/agent.py" "$bin.link"; mv -T "$bin.link" "$bin"; echo "provision: installed $had"`,
].join("; ");

export function createProvisioner(deps: ProvisionerDeps, options: ProvisionerOptions): Provisioner {
  const { directory, prefix = "/usr/local", timeoutMs = 60_000 } = options;

  async function runScript(node: NodeId, args: readonly string[], input: Buffer, signal: AbortSignal) {
    const connection = await deps.pool.client(node, signal);
    const command = ["sh", "-c", `'${REMOTE_SCRIPT}'`, "sh", ...args].join(" ");
    const isSudo = deps.specOf(node)?.become === "sudo";
    const channel = await connection.exec(isSudo ? `sudo -n ${command}` : command, signal);
    const lines: string[] = [];
    channel.end(input);
    const end = await runCommand(channel, (line) => lines.push(line), signal);
    return readOutcome(lines, end, node);
  }

  return {
    async provision(node, { dryRun }, signal) {
      const archive = await pack(directory);
      const contentHash = hashOf(archive);
      const deadline = deps.clock.deadline(timeoutMs);
      const until = AbortSignal.any([signal, deadline]);
      try {
        const check = await runScript(node, ["check", contentHash, prefix], Buffer.alloc(0), until);
        const last =
          dryRun || check.outcome === "unchanged"
            ? check
            : await runScript(node, ["install", contentHash, prefix], archive, until);
        return { node, contentHash, installedAt: `${prefix}/lib/multijhub`, ...last };
      } catch (err) {
        signal.throwIfAborted();
        if (deadline.aborted) throw tooLong(node, timeoutMs);
        throw err;
      }
    },
  };
}

/** What `provision` writes down on a node as the version it has installed from `directory`. */
export async function agentHash(directory: string): Promise<string> {
  return hashOf(await pack(directory));
}

function hashOf(archive: Buffer): string {
  return createHash("sha256").update(archive).digest("hex");
}

async function pack(directory: string): Promise<Buffer> {
  const maxBuffer = 64 * 1024 * 1024;
  const arguments_ = [...TAR_ARGUMENTS, "-C", directory, "."];
  try {
    const { stdout } = await promisify(execFile)("tar", arguments_, { encoding: "buffer", maxBuffer });
    return stdout;
  } catch (cause) {
    throw new AppError("BAD_CONFIG", `${directory} cannot be packed: ${(cause as Error).message}`, { cause });
  }
}

function readOutcome(
  lines: readonly string[],
  end: CommandEnd,
  node: NodeId,
): Pick<ProvisionReport, "outcome" | "previousHash"> {
  const match = /^provision: (installed|unchanged|would-install) (\w+)$/.exec(lines.at(-1) ?? "");
  if (match === null) throw notDone(lines, end, node);
  const [, outcome, previousHash] = match;
  return {
    outcome: outcome as ProvisionReport["outcome"],
    ...(previousHash !== undefined && previousHash !== "none" && { previousHash }),
  };
}

function notDone(lines: readonly string[], end: CommandEnd, node: NodeId): AppError {
  if (end.kind === "lost") {
    return new AppError("NODE_UNREACHABLE", `the connection to ${node} was lost while installing`, { node });
  }
  const said = [...lines, end.errorText.trim()].join("\n").slice(-500);
  const objection = sudoObjection(said);
  if (objection !== undefined) {
    return new AppError("NOT_ROOT", `sudo on ${node} ${objection}: ${said}`, {
      remedy: `allow the account a shell by sudo without a password (NOPASSWD) while the agent is installed, or install it by a package`,
      node,
    });
  }
  if (/permission denied|read-only file system/i.test(said)) {
    return new AppError("NOT_ROOT", `the account on ${node} may not install the agent: ${said}`, {
      remedy: "sign in as root, or say become=sudo in the hosts file",
      node,
    });
  }
  return new AppError(
    "AGENT_ANSWER",
    `installing on ${node} did not work (exit code ${end.exitCode ?? "none"}): ${said}`,
    {
      remedy: "a key that is locked to the agent cannot install it: use another one, or a package",
      node,
    },
  );
}

function tooLong(node: NodeId, timeoutMs: number): AppError {
  return new AppError("NODE_TIMEOUT", `installing on ${node} took more than ${timeoutMs / 1000} s`, { node });
}
