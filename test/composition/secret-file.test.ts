import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { readSecret } from "../../src/composition/secret-file.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "secret-"));
  file = join(folder, "token");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it("reads what is there, without the line's end", () => {
  writeFileSync(file, "s3cret s3cret\n", { mode: 0o640 });
  expect(readSecret(file, "a.key")).toBe("s3cret s3cret");
});

it.each([
  ["is missing", undefined, 0o600],
  ["is empty", "\n", 0o600],
  ["is too short", "short", 0o600],
  ["everybody may read", "long enough", 0o644],
])("refuses a file that %s, and does not repeat it", (_what, text, mode) => {
  if (text !== undefined) writeFileSync(file, text, { mode });
  const refused = expect.objectContaining({
    code: "BAD_CONFIG",
    remedy: expect.stringMatching(/a\.key|chmod/),
  });
  expect(() => readSecret(file, "a.key", 8)).toThrow(refused);
  expect(() => readSecret(file, "a.key", 8)).not.toThrow(/short"|long/);
});
