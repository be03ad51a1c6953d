import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { EditedFile } from "../../../../src/ports.ts";
import { createHostsFileWatcher } from "../../../../src/nodes/inventory/io/hosts-file-watcher.ts";
import { createMemoryLog } from "../../../support/memory-log.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hosts-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Watches while a change is made; resolves with how often it hinted once it did. */
async function hintsOf(change: (path: string) => Promise<void>): Promise<number> {
  const path = join(folder, "hosts");
  await writeFile(path, "node1\n");
  const file = createHostsFileWatcher(path, { log: createMemoryLog() });
  const watching = watchHints(file);
  const unwatch = await watching.started;
  await change(path);
  await watching.next();
  await unwatch();
  return watching.count();
}

/** Counts hints, and waits for the next one. */
function watchHints(file: EditedFile) {
  let count = 0;
  let awaited = 1;
  let wake: (() => void) | undefined;
  const started = file.watch(() => {
    count += 1;
    wake?.();
  });
  async function next(): Promise<void> {
    while (count < awaited) await new Promise<void>((resolve) => (wake = resolve));
    awaited = count + 1;
  }
  return { started, next, count: () => count };
}

async function replace(path: string): Promise<void> {
  await writeFile(`${path}.new`, "node2\n");
  await rename(`${path}.new`, path);
}

describe("the file on disk", () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ["a write in place", (path) => writeFile(path, "node1\nnode2\n")],
    ["a file renamed over it, as many editors do", replace],
    ["its removal", (path) => rm(path)],
  ])("hints once at %s", async (_what, change) => {
    expect(await hintsOf(change)).toBe(1);
  });
});

it("does not hint at other files of the folder, and hints again after a second replacement", async () => {
  const path = join(folder, "hosts");
  await writeFile(path, "node1\n");
  const watching = watchHints(createHostsFileWatcher(path, { log: createMemoryLog() }));
  const unwatch = await watching.started;
  for (const expected of [1, 2]) {
    await writeFile(join(folder, `other${expected}`), "x");
    await replace(path);
    await watching.next();
    expect(watching.count()).toBe(expected);
  }
  await unwatch();
});

it("reads the file, and says so when it is not there", async () => {
  const file = createHostsFileWatcher(join(folder, "hosts"), { log: createMemoryLog() });
  await expect(file.read()).rejects.toThrow("ENOENT");
  await writeFile(file.path, "node1\n");
  expect(await file.read()).toBe("node1\n");
});
