import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../../errors.ts";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
  readonly maxHeaderSize: number;
}

/** A server that is strict about what HTTP is, and serves by TLS if there is a certificate. Starts nothing. */
export function createHttpServer({ tls, maxHeaderSize, idleTimeoutMs }: ListenOptions): Server | TlsServer {
  // No limit on a whole request: uploads take as long as they move.
  const settings = { maxHeaderSize, requestTimeout: 0, keepAliveTimeout: 65_000, insecureHTTPParser: false };
  const server = tls === undefined ? createServer(settings) : createTlsServer(settings);
  server.setTimeout(idleTimeoutMs);
  return server;
}

/** Resolves when the server takes connections; throws BAD_CONFIG with what is in the way. */
export async function listen(server: Server | TlsServer, { host, port, tls }: ListenOptions): Promise<void> {
  if (tls !== undefined && "setSecureContext" in server) await useCertificate(server, tls);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const remedy = "see `listen` in the configuration";
      reject(
        new AppError("BAD_CONFIG", `cannot listen on ${host}:${port}: ${cause.message}`, { cause, remedy }),
      );
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

async function useCertificate(server: TlsServer, files: { certificate: string; key: string }): Promise<void> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
    server.setSecureContext({ cert, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const remedy = `${files.certificate} and ${files.key} must be a certificate and its key, in PEM`;
    throw new AppError("BAD_CONFIG", `cannot serve by TLS: ${why}`, { cause, remedy });
  }
}

/** Takes no more connections; resolves when the last one is gone. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** Resolves when only upgraded connections are left, or at the deadline. */
export async function drained(server: Server, upgraded: () => number, deadlineMs: number): Promise<void> {
  while (Date.now() < deadlineMs) {
    server.closeIdleConnections();
    if ((await connectionsOf(server)) <= upgraded()) return;
    await sleep(DRAIN_LOOK_MS);
  }
}

const DRAIN_LOOK_MS = 25;

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}
