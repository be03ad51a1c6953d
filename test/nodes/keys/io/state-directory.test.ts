import { createPublicKey } from "node:crypto";
import { chmod, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { newestFirst, publicKeysOf } from "../../../../src/nodes/keys/decide/key-set.ts";
import { openStateDirectory } from "../../../../src/nodes/keys/io/state-directory.ts";

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
    expect(first.keys.master.current).toHaveLength(32);
    expect(again.keys.master).toEqual(first.keys.master);
    expect(publicKeysOf(again.keys)).toEqual(publicKeysOf(first.keys));
    expect(publicKeysOf(first.keys)).toHaveLength(1);
    expect(createPublicKey(publicKeysOf(first.keys)[0] ?? "").asymmetricKeyType).toBe("ed25519");
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
    expect(new Set(all.map(({ keys }) => Buffer.from(keys.master.current).toString("hex"))).size).toBe(1);
    expect(new Set(all.map(({ keys }) => publicKeysOf(keys).join())).size).toBe(1);
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

describe("a rotation", () => {
  it("keeps the keys in use until the new ones take over, and nothing of them after", async () => {
    const state = await openStateDirectory(path);
    const old = state.keys;
    await state.prepareKeys();
    const both = await state.readKeys();
    expect([both.master.current, publicKeysOf(both)[0]]).toEqual([old.master.current, publicKeysOf(old)[0]]);
    expect([newestFirst(both.master).length, publicKeysOf(both).length]).toEqual([2, 2]);

    await state.promoteKeys();
    const after = await state.readKeys();
    expect([after.master, publicKeysOf(after)]).toEqual([
      { current: both.master.next },
      publicKeysOf(both).slice(1),
    ]);
    expect((await readdir(path)).toSorted()).toEqual(["master.key", "ticket-ed25519.pem"]);
  });

  it("goes on where a crash stopped it, and makes no key twice", async () => {
    const state = await openStateDirectory(path);
    await state.prepareKeys();
    const { ticket, master } = await state.readKeys();
    await rm(join(path, "ticket-ed25519.pem.next"));
    await state.prepareKeys();
    const again = await state.readKeys();
    expect(again.master).toEqual(master);
    expect(publicKeysOf(again)[1]).not.toBe(publicKeysOf({ ticket, master })[1]);

    await rename(join(path, "master.key.next"), join(path, "master.key"));
    await state.promoteKeys();
    const after = await state.readKeys();
    expect([after.master.current, publicKeysOf(after)]).toEqual([master.next, publicKeysOf(again).slice(1)]);
  });

  it("leaves the keys alone when there is nothing to promote", async () => {
    const state = await openStateDirectory(path);
    await state.promoteKeys();
    expect(publicKeysOf(await state.readKeys())).toEqual(publicKeysOf(state.keys));
  });

  it("shows ids and ages, and no secret", async () => {
    const state = await openStateDirectory(path);
    await state.prepareKeys();
    const shown = await state.listKeys();
    expect(shown.map(({ kind, state: use }) => `${kind} ${use}`)).toEqual([
      "master in use",
      "master coming",
      "ticket in use",
      "ticket coming",
    ]);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(4);
    const { master } = await state.readKeys();
    for (const key of newestFirst(master)) {
      expect(JSON.stringify(shown)).not.toContain(Buffer.from(key).toString("hex").slice(0, 12));
    }
    await state.promoteKeys();
    expect((await state.listKeys()).map(({ id }) => id)).toEqual([shown[1]?.id, shown[3]?.id]);
  });
});
