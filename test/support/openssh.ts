import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { installScriptedAgent } from "./ssh-server.ts";
import { waitFor } from "./wait-for.ts";

export interface OpenSsh {
  readonly port: number;
  readonly user: string;
  /** Host keys as lines of known_hosts, by type. */
  readonly knownHosts: Readonly<Record<"ed25519" | "rsa" | "ecdsa", string>>;
  readonly binDirectory: string;
  /** Replaces what may sign in: lines of authorized_keys. */
  authorize(lines: string): void;
  /** Kills sshd and every session of it, as a crash would. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SSHD = "/usr/sbin/sshd";

/** A real sshd on a loopback port of its own, in the foreground, for the account that runs the tests. */
export async function startOpenSsh(publicKey: string): Promise<OpenSsh> {
  const directory = mkdtempSync(join(tmpdir(), "mjh-sshd-"));
  const binDirectory = join(directory, "bin");
  installScriptedAgent(binDirectory);
  for (const type of ["ed25519", "rsa", "ecdsa"]) {
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", join(directory, type)]);
  }
  const port = await freePort();
  writeFileSync(join(directory, "config"), sshdConfig(directory, binDirectory, port));
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  let sshd: ChildProcess | undefined;

  function authorize(lines: string): void {
    writeFileSync(join(directory, "authorized_keys"), lines, { mode: 0o600 });
  }

  async function start(): Promise<void> {
    const log = join(directory, "log");
    sshd = spawn(SSHD, ["-D", "-f", join(directory, "config"), "-E", log], {
      detached: true,
      stdio: "ignore",
    });
    function said(): string {
      return existsSync(log) ? readFileSync(log, "utf8") : "no log";
    }
    await waitFor(
      () => `sshd to listen; it says: ${said()}`,
      () => said().includes("Server listening"),
      { everyMs: 20 },
    );
  }

  async function crash(): Promise<void> {
    const { pid } = sshd ?? {};
    if (sshd === undefined || pid === undefined) return;
    const gone = once(sshd, "exit");
    sshd = undefined;
    rmSync(join(directory, "log"), { force: true });
    for (const victim of [pid, ...descendantsOf(pid)]) killIfThere(victim);
    await gone;
  }

  authorize(publicKey);
  await start();
  function knownHost(type: string): string {
    const [keyType, key] = readFileSync(join(directory, `${type}.pub`), "utf8").split(" ");
    return `[127.0.0.1]:${port} ${keyType} ${key}\n`;
  }
  return {
    port,
    user: userInfo().username,
    knownHosts: { ed25519: knownHost("ed25519"), rsa: knownHost("rsa"), ecdsa: knownHost("ecdsa") },
    binDirectory,
    authorize,
    crash,
    start,
    async stop() {
      await crash();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function sshdConfig(directory: string, binDirectory: string, port: number): string {
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...["ed25519", "rsa", "ecdsa"].map((type) => `HostKey ${join(directory, type)}`),
    `AuthorizedKeysFile ${join(directory, "authorized_keys")}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "PermitRootLogin yes",
    "AllowStreamLocalForwarding yes",
    "MaxStartups 100",
    "LogLevel VERBOSE",
    `SetEnv PATH=${binDirectory}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
  ];
  return lines.join("\n");
}

/** sshd's sessions leave its process group, so they are found by their parents. */
function descendantsOf(pid: number): number[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,comm="], { encoding: "utf8" });
  const rows = table.split("\n").map((row) => row.trim().split(/\s+/));
  function below(parent: number): number[] {
    return rows
      .filter(([, ppid, command]) => Number(ppid) === parent && command?.startsWith("sshd"))
      .flatMap(([child]) => [Number(child), ...below(Number(child))]);
  }
  return below(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}
