import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { onStateFile, whenAbsent } from "../../state-file.ts";

const NAME = /^[a-z][a-z0-9-]{0,99}$/;
const SUFFIX = ".json";

/** Files of one directory, for the router's account alone; each is complete and on disk when its name shows it. Throws STATE_DIRECTORY. */
export function createDocumentFiles(directory: string) {
  function pathOf(name: string): string {
    if (!NAME.test(name)) throw new RangeError(`${name} is no name of a document`);
    return join(directory, `${name}${SUFFIX}`);
  }

  return {
    async names(): Promise<readonly string[]> {
      const entries = await onStateFile(directory, () => readdir(directory).catch(whenAbsent([])));
      const names = entries.flatMap((entry) => (entry.endsWith(SUFFIX) ? [entry.slice(0, -5)] : []));
      return names.filter((name) => NAME.test(name));
    },
    read(name: string): Promise<string | undefined> {
      return onStateFile(directory, () => readFile(pathOf(name), "utf8").catch(whenAbsent(undefined)));
    },
    async write(name: string, text: string): Promise<void> {
      await onStateFile(directory, async () => {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeWhole(pathOf(name), text);
      });
    },
    async remove(name: string): Promise<void> {
      await onStateFile(directory, () => rm(pathOf(name), { force: true }));
    },
  };
}

/** The new name is durable only with the directory. */
async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(join(path, ".."), "r");
  await directory.sync().finally(() => directory.close());
}
