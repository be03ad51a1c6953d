import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type AuthContext, type Connection, type ParsedKey, type Session } from "ssh2";

export interface TestSshServer {
  readonly port: number;
  /** The line of known_hosts that pins it. */
  readonly knownHost: string;
  /** Commands it was asked to run, in order. */
  readonly commands: readonly string[];
  /** The directory that is the PATH of commands; `multijhub-agent` in it is the scripted agent. */
  readonly binDirectory: string;
  readonly connectionCount: () => number;
  /** Cuts every connection, as a crash of the machine's sshd would. */
  dropConnections(): void;
  /** From now on bytes are accepted and nothing is answered. */
  stall(isStalled: boolean): void;
  /** From now on open connections are not read any more. */
  freeze(): void;
  stop(): Promise<void>;
}

export interface TestSshServerOptions {
  readonly port?: number;
  readonly hostKey?: SshKeyPair;
  /** The public key that may sign in. */
  readonly authorizedKey: string;
  /** What the server does not let happen. */
  readonly refuse?: "exec" | "tunnels";
}

export interface SshKeyPair {
  readonly private: string;
  /** `ssh-ed25519 AAAA...`. */
  readonly public: string;
}

/** ssh2 1.17 now and then writes an Ed25519 key that it cannot read itself: then another one. */
export function makeSshKey(): SshKeyPair {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  if (ssh2.utils.parseKey(pair.private) instanceof Error) return makeSshKey();
  return { private: pair.private, public: pair.public };
}

/** An SSH server in this process: runs commands with `sh`, forwards to loopback ports of this machine. */
export async function startSshServer(options: TestSshServerOptions): Promise<TestSshServer> {
  const hostKey = options.hostKey ?? makeSshKey();
  const binDirectory = mkdtempSync(join(tmpdir(), "mjh-ssh-"));
  installScriptedAgent(binDirectory);
  const commands: string[] = [];
  const children = new Set<ChildProcess>();
  const sockets = new Set<Socket>();
  const authorized = ssh2.utils.parseKey(options.authorizedKey) as ParsedKey;
  let isStalled = false;

  const ssh = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      authenticate(context, authorized);
    });
    client.on("session", (accept) => {
      serveSession(accept(), options, { commands, children, binDirectory });
    });
    if (options.refuse !== "tunnels") serveTunnels(client);
  });
  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    if (!isStalled) ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve) => tcp.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = tcp.address() as AddressInfo;

  function dropConnections(): void {
    for (const socket of sockets) socket.destroy();
  }

  return {
    port,
    knownHost: `[127.0.0.1]:${port} ${hostKey.public}\n`,
    commands,
    binDirectory,
    connectionCount: () => sockets.size,
    dropConnections,
    stall(value) {
      isStalled = value;
    },
    freeze() {
      for (const socket of sockets) {
        socket.removeAllListeners("data");
        socket.pause();
      }
    },
    async stop() {
      dropConnections();
      for (const child of children) killGroup(child);
      await new Promise((resolve) => tcp.close(resolve)); // also when it is already closed
      rmSync(binDirectory, { recursive: true, force: true });
    },
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Puts the scripted agent into a directory under its real name. */
export function installScriptedAgent(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const script = join(import.meta.dirname, "scripted-agent.mjs");
  writeFileSync(
    join(directory, "multijhub-agent"),
    `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`,
    {
      mode: 0o755,
    },
  );
  symlinkSync("/bin/sh", join(directory, "sh"));
}

function authenticate(context: AuthContext, authorized: ParsedKey): void {
  if (context.method !== "publickey") {
    context.reject(["publickey"]);
    return;
  }
  const isKnown = context.key.data.equals(authorized.getPublicSSH());
  const isSigned =
    context.signature === undefined ||
    authorized.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo);
  if (isKnown && isSigned) context.accept();
  else context.reject(["publickey"]);
}

interface SessionState {
  readonly commands: string[];
  readonly children: Set<ChildProcess>;
  readonly binDirectory: string;
}

function serveSession(session: Session, { refuse }: TestSshServerOptions, state: SessionState): void {
  session.on("exec", (accept, reject, { command }) => {
    state.commands.push(command);
    if (refuse === "exec") {
      reject();
      return;
    }
    const channel = accept();
    const env = { PATH: `${state.binDirectory}:/usr/bin:/bin` };
    const child = spawn("sh", ["-c", command], { env, detached: true });
    state.children.add(child);
    channel.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.once("close", (code) => {
      state.children.delete(child);
      channel.exit(code ?? 1);
      channel.end();
    });
  });
}

function serveTunnels(client: Connection): void {
  client.on("tcpip", (accept, reject, { destIP, destPort }) => {
    const upstream = connect({ host: destIP, port: destPort, noDelay: true, allowHalfOpen: true });
    client.setMaxListeners(0).once("close", () => upstream.destroy());
    upstream.once("error", () => {
      reject();
    });
    upstream.once("connect", () => {
      const channel = accept();
      channel.on("error", () => undefined);
      upstream.on("error", () => {
        channel.close();
      });
      channel.on("close", () => upstream.destroy());
      channel.pipe(upstream).pipe(channel);
    });
  });
}
