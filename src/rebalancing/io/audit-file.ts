import { appendFile, rename, stat } from "node:fs/promises";

/** Who did what, one JSON line each; the file is put aside as `FILE.1` when it has become large. */
export function createAuditFile(path: string, { maxBytes }: { readonly maxBytes: number }) {
  let last: Promise<unknown> = Promise.resolve();

  async function append(entry: object): Promise<void> {
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size >= maxBytes) await rename(path, `${path}.1`);
    await appendFile(path, `${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true });
  }

  return {
    /** Lines come in the order they were asked for. */
    note(entry: object): Promise<void> {
      const done = last.then(() => append(entry));
      last = done.catch(() => undefined);
      return done;
    },
  };
}
