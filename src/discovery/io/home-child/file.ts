import { read as readCallback, type BigIntStats } from "node:fs";
import { promisify } from "node:util";
import { closing, openToRead, stat } from "./descriptors.ts";
import { codeOf, reasonFor } from "./unreadable.ts";

const read = promisify(readCallback);

/** The bytes of a file, or why it is not to be believed; "gone" and "busy": somebody is at it just now. */
export type FileBytes =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "odd"; readonly why: string }
  | { readonly kind: "gone" }
  | { readonly kind: "busy" };

export interface FileRules {
  readonly owner: bigint;
  readonly maxLinks: bigint;
  /** One byte more is read, so that what is longer shows. */
  readonly maxBytes: number;
}

const ODD: Readonly<Record<string, string>> = {
  ELOOP: "is a symbolic link",
  ENXIO: "is a socket or a device",
};

/** Reads a small regular file of the owner, and nothing else. Throws Unreadable where it may not even be looked at. */
export async function readSmallFile(directory: number, name: string, rules: FileRules): Promise<FileBytes> {
  let fd: number;
  try {
    fd = await openToRead(directory, name);
  } catch (err) {
    const code = codeOf(err);
    if (code === "ENOENT") return { kind: "gone" };
    if (code === "ESTALE") return { kind: "busy" };
    const why = ODD[code];
    if (why !== undefined) return { kind: "odd", why };
    throw reasonFor(name, err);
  }
  return closing(fd, async () => {
    const why = oddityOf(await stat(fd), rules);
    return why === undefined
      ? { kind: "bytes", bytes: await readUpTo(fd, rules.maxBytes + 1) }
      : { kind: "odd", why };
  });
}

function oddityOf(file: BigIntStats, { owner, maxLinks, maxBytes }: FileRules): string | undefined {
  if (!file.isFile()) return "is no regular file";
  if (file.uid !== owner) return "does not belong to the home's owner";
  if (file.nlink > maxLinks) return "has other names";
  return file.size > maxBytes ? "is too long" : undefined;
}

async function readUpTo(fd: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await read(fd, buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
