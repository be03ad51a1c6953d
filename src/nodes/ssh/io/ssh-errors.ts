import { AppError } from "../../../errors.ts";
import type { SshTarget } from "./ssh-target.ts";

/** A place to forward to, as the node sees it; without a host, its loopback. */
export type TunnelEnd = { readonly host?: string; readonly port: number } | { readonly path: string };

/** RFC 4254, 5.1: why a channel was not opened. */
const ADMINISTRATIVELY_PROHIBITED = 1;
const CONNECT_FAILED = 2;

/** A connection that could not be made, or was lost while a command was about to run. */
export function connectionError(target: SshTarget, err: unknown): AppError {
  if (err instanceof AppError && !err.code.startsWith("TUNNEL_")) return err;
  const { level, message } = err as Error & { level?: string };
  const details = { node: target.name, cause: err };
  if (level === "client-authentication" || /too many authentication failures/i.test(message)) {
    return new AppError("SSH_AUTH_REFUSED", `${target.name} refused to let ${target.user} in`, {
      remedy: `add the router's public key to the authorized_keys of ${target.user} on ${target.name}`,
      ...details,
    });
  }
  return new AppError("NODE_UNREACHABLE", `no SSH connection to ${place(target)}: ${message}`, {
    remedy: "check that the machine runs, its address in the hosts file, and its sshd",
    ...details,
  });
}

/** A deadline that passed while connecting. */
export function timeoutError(target: SshTarget, timeoutMs: number, hasConnected: boolean): AppError {
  const within = `within ${timeoutMs / 1000} s`;
  return hasConnected
    ? new AppError("NODE_TIMEOUT", `${place(target)} accepts connections, but did not let us in ${within}`, {
        remedy: "look at the load of the machine and at its sshd's log",
        node: target.name,
      })
    : new AppError("NODE_UNREACHABLE", `${place(target)} did not answer ${within}`, {
        remedy: "check that the machine runs, and the firewalls in between",
        node: target.name,
      });
}

/** A connection that was up and is gone. */
export function lossError(target: SshTarget, cause: Error | undefined): AppError {
  const why = cause === undefined ? "closed by the other side" : cause.message;
  return new AppError("TUNNEL_LOST", `the SSH connection to ${target.name} was lost: ${why}`, {
    node: target.name,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A tunnel that could not be opened. sshd gives one reason for a refused port and for having no descriptors left. */
export function tunnelError(target: SshTarget, end: TunnelEnd, err: unknown): AppError {
  if (err instanceof AppError) return err;
  const { reason, message } = err as Error & { reason?: number };
  const where = `${endText(end)} of ${target.name}`;
  const details = { node: target.name, cause: err };
  if (reason === CONNECT_FAILED) {
    return new AppError("TUNNEL_REFUSED", `nothing answers on ${where}`, {
      remedy: "if it runs, look at the file descriptors of the node's sshd (LimitNOFILE)",
      ...details,
    });
  }
  if (reason === ADMINISTRATIVELY_PROHIBITED) {
    return new AppError("TUNNEL_REFUSED", `sshd does not allow a tunnel to ${where}`, {
      remedy: "see permitopen= of the router's key, and AllowTcpForwarding of sshd",
      ...details,
    });
  }
  return new AppError("TUNNEL_LOST", `no tunnel to ${where}: ${message}`, details);
}

function endText(end: TunnelEnd): string {
  if ("path" in end) return end.path;
  return end.host === undefined ? `port ${end.port}` : `${end.host}:${end.port}, by way`;
}

function place({ name, host, port }: SshTarget): string {
  return name === host ? `${name}:${port}` : `${name} (${host}:${port})`;
}
