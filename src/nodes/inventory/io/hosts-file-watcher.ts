import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { watch } from "chokidar";
import type { EditedFile, Log } from "../../../ports.ts";

/** One save of an editor is several changes. */
const DEBOUNCE_MS = 100;

/**
 * The hosts file on disk. Its folder is watched, so that editors which write a new file and rename it over the old
 * one are noticed as well as those that write in place. A network file system gives no hints: `hosts.ts` reads the
 * file from time to time anyway.
 */
export function createHostsFileWatcher(path: string, { log }: { readonly log: Log }): EditedFile {
  const file = resolve(path);
  const folder = dirname(file);

  async function start(onHint: () => void): Promise<() => Promise<void>> {
    let timer: NodeJS.Timeout | undefined;
    const watcher = watch(folder, {
      depth: 0,
      ignoreInitial: true,
      ignored: (seen) => resolve(seen) !== folder && resolve(seen) !== file,
    });
    watcher.on("all", () => {
      clearTimeout(timer);
      timer = setTimeout(onHint, DEBOUNCE_MS);
    });
    await new Promise<void>((ready) => {
      watcher.once("ready", ready);
      watcher.on("error", (err) => {
        log.warn({ err, folder }, "folder of the hosts file cannot be watched: it is read from time to time");
        ready();
      });
    });
    return async () => {
      clearTimeout(timer);
      await watcher.close();
    };
  }

  return { path: file, read: () => readFile(file, "utf8"), watch: start };
}
