import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createAuditFile } from "../../../src/rebalancing/io/audit-file.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-"));
  path = join(folder, "audit.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

async function linesOf(file: string): Promise<unknown[]> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

describe("the audit file", () => {
  it("has one line an entry, in order, for the router's account alone", async () => {
    const audit = createAuditFile(path, { maxBytes: 1000 });
    await Promise.all([1, 2, 3].map((number) => audit.note({ number })));
    expect(await linesOf(path)).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("is put aside when it has become large", async () => {
    const audit = createAuditFile(path, { maxBytes: 20 });
    for (const number of [1, 2, 3]) await audit.note({ number });
    expect(await linesOf(`${path}.1`)).toEqual([{ number: 1 }, { number: 2 }]);
    expect(await linesOf(path)).toEqual([{ number: 3 }]);
  });

  it("goes on after an entry that could not be written", async () => {
    const audit = createAuditFile(path, { maxBytes: 1000 });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    await expect(audit.note(circle)).rejects.toThrow();
    await audit.note({ number: 1 });
    expect(await linesOf(path)).toEqual([{ number: 1 }]);
  });
});
