import { randomBytes } from "node:crypto";
import { link, lstat, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../errors.ts";

/** Throws STATE_DIRECTORY unless the directory is the router's own, and closed to everybody else. */
export async function checkPrivateDirectory(path: string): Promise<void> {
  checkPrivate(path, await stat(path));
}

/** Writes a file that is complete and on disk when its name appears; leaves an existing one alone. */
export async function createOnce(
  directory: string,
  name: string,
  make: () => Buffer | string,
): Promise<void> {
  const path = join(directory, name);
  if (await exists(path)) return;
  const temporary = join(directory, `.${name}.${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(make());
      await file.sync();
    } finally {
      await file.close();
    }
    // link(2), unlike rename, fails if another process was quicker.
    await link(temporary, path).catch((err: unknown) => {
      if (codeOf(err) !== "EEXIST") throw err;
    });
    await syncDirectory(directory);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The bytes of a regular file that nobody but us can read; throws STATE_DIRECTORY for anything else. */
export async function readPrivate(path: string): Promise<Buffer> {
  const file = await lstat(path);
  if (!file.isFile()) {
    throw unusable(path, "is not a regular file", `Remove ${path}, or restore it from a backup.`);
  }
  checkPrivate(path, file);
  return readFile(path);
}

/** Makes names that appeared in or left the directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  await directory.sync().finally(() => directory.close());
}

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (err: unknown) => {
      if (codeOf(err) === "ENOENT") return false;
      throw err;
    },
  );
}

export function unusable(path: string, why: string, remedy: string): AppError {
  return new AppError("STATE_DIRECTORY", `${path} ${why}`, { remedy, path });
}

function checkPrivate(path: string, { uid, mode }: { readonly uid: number; readonly mode: number }): void {
  const us = process.geteuid?.() ?? uid;
  if (uid !== us) {
    throw unusable(path, `belongs to uid ${uid}, and the router runs as uid ${us}`, `chown -R ${us} ${path}`);
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8);
    throw unusable(path, `can be read or changed by others (mode ${octal})`, `chmod go= ${path}`);
  }
}

function codeOf(err: unknown): unknown {
  return typeof err === "object" && err !== null && "code" in err ? err.code : undefined;
}
