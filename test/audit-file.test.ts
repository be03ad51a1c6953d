import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createAuditFile } from "../src/audit-file.ts";
import { createFakeClock } from "./support/fake-clock.ts";
import { createMemoryLog } from "./support/memory-log.ts";

const NOW = Date.parse("2026-11-20T17:40:00Z");
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-"));
  path = join(folder, "audit.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

function auditAt(file: string, maxBytes = 10_000) {
  const log = createMemoryLog();
  const audit = createAuditFile(file, { clock: createFakeClock(NOW), log }, { maxBytes });
  return { log, keep: (server: string) => audit.note({ audit: "keep", by: "alice", server }, "kept") };
}

async function linesOf(file: string): Promise<unknown[]> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

describe("the audit file", () => {
  it("has one line an act, in order, for the router's account alone, and the log has it too", async () => {
    const { keep, log } = auditAt(path);
    await Promise.all(["1", "2", "3"].map(keep));
    const at = "2026-11-20T17:40:00.000Z";
    expect(await linesOf(path)).toEqual(
      ["1", "2", "3"].map((server) => ({ at, audit: "keep", by: "alice", server })),
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(log.lines[0]).toMatchObject({ level: "info", fields: { audit: "keep", by: "alice" } });
  });

  it("is put aside when it has become large", async () => {
    const { keep } = auditAt(path, 100);
    for (const server of ["1", "2", "3"]) await keep(server);
    expect(await linesOf(`${path}.1`)).toMatchObject([{ server: "1" }, { server: "2" }]);
    expect(await linesOf(path)).toMatchObject([{ server: "3" }]);
  });

  it("fails no act when it cannot be written, and says so", async () => {
    const { keep, log } = auditAt(join(folder, "gone", "audit.jsonl"));
    await expect(keep("1")).resolves.toBeUndefined();
    expect(log.lines.map(({ level }) => level)).toEqual(["info", "error"]);
  });
});
