import { constants } from "node:os";

/** Why a home cannot be read, in words for a person. */
export class Unreadable extends Error {}

/** What the system says of a path that cannot be opened. */
export function reasonFor(place: string, err: unknown): Unreadable {
  const code = codeOf(err);
  return new Unreadable(`${place} ${WORDS[code] ?? `cannot be opened (${code})`}`);
}

export function codeOf(err: unknown): string {
  if (!(err instanceof Error && "code" in err)) return "unexpected";
  // Node has no name for this number.
  return "errno" in err && err.errno === -constants.errno.ESTALE ? "ESTALE" : String(err.code);
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "is closed to the router",
  ENOTDIR: "is a symbolic link, or no directory",
  ESTALE: "was replaced on the file server",
  EIO: "cannot be read by its file server",
};
