import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openRevocationJournal } from "../../../../src/router/sign-in/io/revocation-journal.ts";

let folder: string;
let path: string;
const entry = { key: "revoked/abc", atMs: 1000, untilMs: 9000 };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(folder, "revocations");
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the journal of revocations", () => {
  it("holds after a restart what still matters, in a private file", async () => {
    const { journal, revoked } = await openRevocationJournal(path, 0);
    expect(revoked).toEqual([]);
    await journal.append(entry);
    await journal.append({ ...entry, key: "revoked/old", untilMs: 2000 });
    expect((await openRevocationJournal(path, 1500)).revoked).toHaveLength(2);
    expect((await openRevocationJournal(path, 5000)).revoked).toEqual([entry]);
    expect(readFileSync(path, "utf8")).not.toContain("old");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("survives a line torn by a power cut", async () => {
    const { journal } = await openRevocationJournal(path, 0);
    await journal.append(entry);
    appendFileSync(path, '{"key":"revoked/x","atM');
    const reopened = await openRevocationJournal(path, 0);
    expect(reopened.revoked).toEqual([entry]);
    await reopened.journal.append({ ...entry, key: "revoked/next" });
    expect((await openRevocationJournal(path, 0)).revoked).toHaveLength(2);
  });

  it("says when it cannot be kept", async () => {
    const { journal } = await openRevocationJournal(path, 0);
    rmSync(folder, { recursive: true });
    await expect(journal.append(entry)).rejects.toMatchObject({ code: "STATE_DIRECTORY" });
    await expect(openRevocationJournal(path, 0)).rejects.toMatchObject({ code: "STATE_DIRECTORY" });
    folder = mkdtempSync(join(tmpdir(), "journal-"));
  });
});
