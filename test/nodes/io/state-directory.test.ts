import { createPublicKey } from "node:crypto";
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openStateDirectory, rotateTicketKey } from "../../../src/nodes/io/state-directory.ts";

let parent: string;
let path: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "state-"));
  path = join(parent, "a", "state");
});
afterEach(() => rm(parent, { recursive: true }));

const REFUSED = { code: "STATE_DIRECTORY", remedy: expect.stringMatching(/./) };

describe("openStateDirectory", () => {
  it("makes a private directory with its keys, and finds the same ones again", async () => {
    const first = await openStateDirectory(path);
    const again = await openStateDirectory(path);
    expect(first.masterKey).toHaveLength(32);
    expect(again.masterKey.equals(first.masterKey)).toBe(true);
    expect(again.ticketPublicKeys).toEqual(first.ticketPublicKeys);
    expect(first.ticketPublicKeys).toHaveLength(1);
    expect(createPublicKey(first.ticketPublicKeys[0] ?? "").asymmetricKeyType).toBe("ed25519");
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const modes = await Promise.all(
      (await readdir(path)).map(async (name) => [name, (await stat(join(path, name))).mode & 0o777]),
    );
    expect(modes.toSorted()).toEqual([
      ["master.key", 0o600],
      ["ticket-ed25519.pem", 0o600],
    ]);
  });

  it("gives ten who open at once one key", async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => openStateDirectory(path)));
    expect(new Set(all.map((state) => state.masterKey.toString("hex"))).size).toBe(1);
    expect(new Set(all.map((state) => state.ticketPublicKeys.join())).size).toBe(1);
    expect(await readdir(path)).toHaveLength(2);
  });

  it("refuses a directory that others can read", async () => {
    await openStateDirectory(path);
    await chmod(path, 0o750);
    await expect(openStateDirectory(path)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringMatching(/mode 750/),
    });
  });

  it.each(["master.key", "ticket-ed25519.pem"])("refuses a %s that others can read", async (name) => {
    await openStateDirectory(path);
    await chmod(join(path, name), 0o640);
    await expect(openStateDirectory(path)).rejects.toMatchObject(REFUSED);
  });

  it.each(["master.key", "ticket-ed25519.pem"])("refuses a truncated %s and leaves it", async (name) => {
    await openStateDirectory(path);
    await writeFile(join(path, name), "short");
    await expect(openStateDirectory(path)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.not.stringContaining("short"),
    });
    expect(await readFile(join(path, name), "utf8")).toBe("short");
  });

  it("refuses a key that is a link", async () => {
    await openStateDirectory(path);
    await rm(join(path, "master.key"));
    await symlink("/etc/hostname", join(path, "master.key"));
    await expect(openStateDirectory(path)).rejects.toMatchObject(REFUSED);
  });

  it("refuses a path that is a file", async () => {
    await writeFile(join(parent, "a"), "");
    await expect(openStateDirectory(path)).rejects.toMatchObject(REFUSED);
  });

  it.each([process.geteuid?.() === 0 ? "/usr/lib" : "/root"])(
    "refuses %s, which is not ours alone",
    async (other) => {
      await expect(openStateDirectory(other)).rejects.toMatchObject(REFUSED);
    },
  );
});

describe("rotateTicketKey", () => {
  it("keeps two public keys valid through a rotation, and the former after it", async () => {
    const [old] = (await openStateDirectory(path)).ticketPublicKeys;
    expect(await rotateTicketKey(path)).toBe("prepared");
    const prepared = (await openStateDirectory(path)).ticketPublicKeys;
    expect(prepared).toEqual([old, expect.any(String)]);

    expect(await rotateTicketKey(path)).toBe("promoted");
    const promoted = await openStateDirectory(path);
    expect(promoted.ticketPublicKeys).toEqual(prepared.toReversed());
    expect(createPublicKey(promoted.ticketKey).export({ type: "spki", format: "pem" })).toBe(prepared[1]);

    expect(await rotateTicketKey(path)).toBe("prepared");
    const second = (await openStateDirectory(path)).ticketPublicKeys;
    expect(second).toEqual([prepared[1], expect.any(String)]);
    expect(second).not.toContain(old);
  });
});
