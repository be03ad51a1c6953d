import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { AppError } from "../../../errors.ts";
import { type TunnelEnd, connectionError, lossError, tunnelError } from "./ssh-errors.ts";
import type { SshTarget } from "./ssh-target.ts";
import { TunnelSocket, createDrainGate } from "./ssh-tunnel-socket.ts";

/** One live SSH connection. It is never reused after a loss: the next one is a new one. */
export interface SshConnection {
  readonly target: SshTarget;
  /** Starts a command; the caller owns the channel. Throws NODE_UNREACHABLE when the connection is lost. */
  exec(command: string, signal: AbortSignal): Promise<ClientChannel>;
  /** Opens a byte stream to a port or Unix socket of the node. Throws TUNNEL_REFUSED, TUNNEL_LOST. */
  tunnel(end: TunnelEnd, signal: AbortSignal): Promise<TunnelSocket>;
  /** Resolves with the cause once the connection is gone, by whatever reason. */
  readonly lost: Promise<AppError>;
  close(): void;
}

/** Makes a connection of a client that is about to connect over `socket`. */
export function wrapClient(target: SshTarget, client: Client, socket: Duplex): SshConnection {
  const gate = createDrainGate(socket);
  const tunnels = new Set<TunnelSocket>();
  let cause: Error | undefined;
  client.on("error", (err) => (cause ??= err));
  const lost = new Promise<AppError>((resolve) => {
    // Runs before ssh2 pushes an end of data into every channel, which would look like a complete answer.
    client.once("close", () => {
      const reason = lossError(target, cause);
      for (const tunnel of tunnels) tunnel.lose(reason);
      resolve(reason);
    });
  });
  function adopt(channel: ClientChannel): TunnelSocket {
    const tunnel = new TunnelSocket(channel, gate, { allowHalfOpen: true });
    tunnels.add(tunnel);
    tunnel.once("close", () => tunnels.delete(tunnel));
    return tunnel;
  }

  return {
    target,
    lost,
    exec(command, signal) {
      return openChannel(
        (done) => void client.exec(command, done),
        (channel) => channel,
        signal,
      ).catch((err: unknown) => {
        signal.throwIfAborted();
        throw connectionError(target, err);
      });
    },
    tunnel(end, signal) {
      return openChannel(forward.bind(undefined, client, end), adopt, signal).catch((err: unknown) => {
        signal.throwIfAborted();
        throw tunnelError(target, end, err);
      });
    },
    close() {
      client.end();
      socket.destroy();
    },
  };
}

type OpenCallback = (err: Error | undefined, channel: ClientChannel) => void;

function forward(client: Client, end: TunnelEnd, done: OpenCallback): void {
  if ("path" in end) client.openssh_forwardOutStreamLocal(end.path, done);
  else client.forwardOut("127.0.0.1", 0, end.host ?? "127.0.0.1", end.port, done);
}

/**
 * Opens a channel; one that comes after the caller has left is closed. `adopt` makes of it what is wanted, at
 * once: the end of the channel, or of the connection, may be in the very next packet. ssh2 throws when not connected.
 */
function openChannel<T>(
  open: (done: OpenCallback) => void,
  adopt: (channel: ClientChannel) => T,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    function onAbort(): void {
      reject(signal.reason as Error);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    open((err, channel) => {
      signal.removeEventListener("abort", onAbort);
      if (err) {
        reject(err);
        return;
      }
      channel.on("error", () => undefined);
      if (signal.aborted) channel.close();
      resolve(adopt(channel));
    });
  });
}
