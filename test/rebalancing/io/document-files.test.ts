import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createDocumentFiles } from "../../../src/rebalancing/io/document-files.ts";
import { memoryFiles } from "../../support/rebalance-rig.ts";

let folder: string;
let directory: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
  directory = join(folder, "rebalancing");
});
afterEach(() => rm(folder, { recursive: true }));

describe.each([
  ["in a directory", () => createDocumentFiles(directory)],
  ["of the tests", () => memoryFiles()],
])("documents %s", (_where, create) => {
  it("are there once written, and not any more once removed", async () => {
    const files = create();
    expect(await files.names()).toEqual([]);
    expect(await files.read("plan-1")).toBeUndefined();
    await files.write("plan-1", "one");
    await files.write("plan-1", "two");
    await files.write("notices", "three");
    expect([...(await files.names())].sort()).toEqual(["notices", "plan-1"]);
    expect(await files.read("plan-1")).toBe("two");
    await files.remove("plan-1");
    await files.remove("plan-1");
    expect(await files.names()).toEqual(["notices"]);
  });
});

describe("documents in a directory", () => {
  it("are for the router's account alone", async () => {
    await createDocumentFiles(directory).write("plan-1", "one");
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, "plan-1.json"))).mode & 0o777).toBe(0o600);
  });

  it("are not what a router that died has left half-written", async () => {
    const files = createDocumentFiles(directory);
    await files.write("plan-1", "one");
    await writeFile(join(directory, "plan-2.json.new"), "tw");
    expect(await files.names()).toEqual(["plan-1"]);
    expect(await readdir(directory)).toHaveLength(2);
  });

  it.each(["../keys", "Plan", "", "a/b"])("cannot be called %j", async (name) => {
    await expect(createDocumentFiles(directory).write(name, "x")).rejects.toThrow();
    await expect(createDocumentFiles(directory).read(name)).rejects.toThrow();
  });

  it("say which directory cannot be used", async () => {
    await writeFile(directory, "");
    const writing = createDocumentFiles(directory).write("plan-1", "x");
    await expect(writing).rejects.toMatchObject({
      code: "STATE_DIRECTORY",
      message: expect.stringContaining(directory),
    });
  });
});
