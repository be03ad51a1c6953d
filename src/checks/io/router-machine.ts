import { createPrivateKey, X509Certificate } from "node:crypto";
import { execFile } from "node:child_process";
import { access, constants, lstat, readFile, stat, statfs } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { RouterHome } from "../decide/homes.ts";
import type { ListenFacts, RouterSituation, StateFacts, TlsFacts } from "../decide/router-checks.ts";

/** What there is to see of the router's own machine. Changes nothing on it, and makes nothing. */

export function ownIds(): { readonly uid: number; readonly gids: readonly number[] } {
  return {
    uid: process.geteuid?.() ?? 0,
    gids: [...(process.getgroups?.() ?? []), process.getegid?.() ?? 0],
  };
}

export async function lookAtState(path: string): Promise<StateFacts> {
  const found = await lstat(path).catch(() => undefined);
  const there = found === undefined ? await nearest(dirname(path)) : path;
  const { bavail, bsize } = await statfs(there);
  const isWritable = await access(there, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return {
    path,
    ...(found && { found: { isDirectory: found.isDirectory(), uid: found.uid, mode: found.mode } }),
    freeBytes: bavail * bsize,
    isWritable,
  };
}

async function nearest(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists || path === dirname(path) ? path : nearest(dirname(path));
}

export async function lookAtKeyFile(path: string): Promise<RouterSituation["sshKey"]> {
  try {
    await access(path, constants.R_OK);
    return { path, mode: (await stat(path)).mode };
  } catch (err) {
    return { path, problem: `the SSH key cannot be read: ${(err as Error).message}`, mode: 0 };
  }
}

/** Whether the router could listen there; a router that answers on its private socket is ours and does. */
export async function lookAtPort(
  { host, port }: { readonly host: string; readonly port: number },
  adminSocket: string,
): Promise<ListenFacts> {
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (await answers(adminSocket)) return { place, port, outcome: "ours" };
  const outcome = await new Promise<string>((resolve) => {
    const server = createServer();
    server.once("error", (err: NodeJS.ErrnoException) => {
      resolve(err.code ?? err.message);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve("free");
      });
    });
  });
  return { place, port, outcome };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once("connect", () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

export async function lookAtTls(files: {
  readonly certificate: string;
  readonly key: string;
}): Promise<TlsFacts> {
  try {
    const certificate = new X509Certificate(await readFile(files.certificate));
    const key = createPrivateKey(await readFile(files.key));
    return {
      certificate: files.certificate,
      startsMs: Date.parse(certificate.validFrom),
      expiresMs: Date.parse(certificate.validTo),
      fits: certificate.checkPrivateKey(key),
    };
  } catch (err) {
    return { problem: `certificate or key cannot be used: ${(err as Error).message}` };
  }
}

/** Asks a program that can be killed: a home that hangs would keep a thread of ours for ever. */
export async function lookAtHome(path: string, deadlineMs: number): Promise<RouterHome> {
  const options = {
    timeout: deadlineMs,
    killSignal: "SIGKILL" as const,
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
  };
  try {
    const { stdout } = await promisify(execFile)("stat", ["-L", "-c", "%i %.3Z", "--", path], options);
    const [inode, changedS] = stdout.trim().split(" ").map(Number);
    if (inode === undefined || changedS === undefined) return { problem: `${path}: stat said ${stdout}` };
    return { inode, changedMs: Math.round(changedS * 1000) };
  } catch (err) {
    const { killed, stderr } = err as { killed?: boolean; stderr?: string };
    if (killed === true) return { problem: `${path} did not answer within ${deadlineMs / 1000} s` };
    return { problem: (stderr ?? "").trim() || (err as Error).message };
  }
}
