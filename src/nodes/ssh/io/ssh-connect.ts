import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type CipherAlgorithm, type ConnectConfig } from "ssh2";
import type { AppError } from "../../../errors.ts";
import type { Clock } from "../../../ports.ts";
import { type SshConnection, wrapClient } from "./ssh-connection.ts";
import { connectionError, timeoutError } from "./ssh-errors.ts";
import { type HostKeyPins, readPins } from "./ssh-host-keys.ts";
import { type IdentitySettings, loadIdentities } from "./ssh-identities.ts";
import type { SshTarget } from "./ssh-target.ts";

export interface SshSettings extends IdentitySettings {
  readonly knownHostsFiles: readonly string[];
  /** For the whole of TCP, handshake and sign-in. */
  readonly connectTimeoutMs: number;
  /** A silent peer is given up after three of these. */
  readonly keepaliveMs: number;
  readonly clock: Clock;
}

/** Measured on OpenSSH 9.2: a third of the cost of chacha20. */
const CIPHERS: CipherAlgorithm[] = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
  "aes128-ctr",
  "aes256-ctr",
];

const KEEPALIVES_MISSED = 3;

/**
 * Connects, directly or through `via`. Throws HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, SSH_AUTH_REFUSED,
 * NODE_UNREACHABLE, NODE_TIMEOUT (it accepts and stalls), SSH_CONFIG, or `signal.reason`.
 */
export async function connectSsh(
  target: SshTarget,
  via: SshConnection | undefined,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<SshConnection> {
  const authHandler = await loadIdentities(target, settings);
  const pins = await readPins(target, settings.knownHostsFiles);
  signal.throwIfAborted();
  const deadline = settings.clock.deadline(settings.connectTimeoutMs);
  const until = AbortSignal.any([signal, deadline]);
  let socket: Duplex | undefined;
  try {
    socket = await openSocket(target, via, until);
    const connection = await signIn(
      target,
      socket,
      { ...optionsFor(target, settings), authHandler },
      pins,
      until,
    );
    await settleNagle(connection, until);
    return connection;
  } catch (err) {
    socket?.destroy();
    signal.throwIfAborted();
    if (deadline.aborted) throw timeoutError(target, settings.connectTimeoutMs, socket !== undefined);
    throw connectionError(target, err);
  }
}

/** The socket under a connection: our own, so that Nagle's algorithm is off on it. */
export async function openSocket(
  target: SshTarget,
  via: SshConnection | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  if (via === undefined) return openTcp(target, signal);
  const tunnel = await via.tunnel({ host: target.host, port: target.port }, signal);
  // ssh2 leaves it to its socket to close once the other side has ended.
  tunnel.allowHalfOpen = false;
  return tunnel;
}

function openTcp(target: SshTarget, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: target.host, port: target.port, noDelay: true });
    function onAbort(): void {
      socket.destroy(signal.reason as Error);
    }
    function onError(err: Error): void {
      signal.removeEventListener("abort", onAbort);
      reject(err);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function optionsFor(target: SshTarget, { keepaliveMs }: SshSettings): ConnectConfig {
  return {
    username: target.user,
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: KEEPALIVES_MISSED,
    readyTimeout: 0, // the deadline of `connectSsh` covers it
  };
}

/** The handshake. The host key is judged before anything is sent that only the node may see. */
function signIn(
  target: SshTarget,
  socket: Duplex,
  config: ConnectConfig,
  pins: HostKeyPins,
  signal: AbortSignal,
): Promise<SshConnection> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const connection = wrapClient(target, client, socket);
    let refused: AppError | undefined;
    function fail(err: unknown): void {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(refused ?? (err as Error));
    }
    function onAbort(): void {
      fail(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", (err) => {
      // A key of the ssh-agent that could not sign: the next one is tried.
      if ((err as { level?: string }).level !== "agent") fail(err);
    });
    client.once("ready", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(connection);
    });
    void connection.lost.then(fail);
    client.connect({
      ...config,
      sock: socket, // any Duplex does
      algorithms: { serverHostKey: pins.algorithms, cipher: CIPHERS },
      hostVerifier: (key: Buffer) => {
        refused = pins.refuse(key);
        return refused === undefined;
      },
    });
    if (signal.aborted) onAbort();
  });
}

/**
 * sshd leaves Nagle's algorithm on until a session has begun: channel opens are 5 times as fast after one.
 * What the command does is no matter (a locked key runs another one); a jump host may refuse it.
 */
async function settleNagle(connection: SshConnection, signal: AbortSignal): Promise<void> {
  try {
    const channel = await connection.exec("true", signal);
    channel.resume();
    channel.stderr.resume();
    channel.end();
  } catch {
    signal.throwIfAborted();
  }
}
