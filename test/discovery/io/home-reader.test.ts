import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listEntries } from "../../../src/discovery/io/home-child/look.ts";
import { claimFile, recordFile } from "../../support/home-files.ts";
import {
  createHomeRig,
  type HomeRig,
  isRoot,
  makeDirectory,
  own,
  OWNER,
  plant,
  readerPids,
} from "../../support/home-rig.ts";

const NAME = "jhub-node1-1234.json";
const OTHER = 2002;
const NOBODY = 65_534;
const itAsRoot = isRoot ? it : it.skip;
const NOT_RUN = isRoot ? "" : " (NOT RUN: needs root)";
const NOTHING = { records: [], claims: [], unfinished: [], jupyters: [], oddities: [] };

let rig: HomeRig;
beforeAll(() => {
  rig = createHomeRig();
});
afterAll(async () => {
  await rig.tearDown();
  expect(readerPids()).toEqual([]);
});

describe("home reader, on what servers write", () => {
  let runtime: string;
  beforeEach(() => {
    runtime = rig.makeHome("alice");
  });
  afterEach(() => {
    rmSync(join(rig.root, "alice"), { recursive: true });
  });

  it("finds records, claims and the names of other Jupyters", async () => {
    plant(join(runtime, NAME), recordFile());
    plant(join(runtime, "jhub-claim-.json"), claimFile());
    plant(join(runtime, "jpserver-1234.json"), "a token");
    plant(join(runtime, "jpserver-99.json"), "a token");
    plant(join(runtime, "kernel-1.json"), "a key");
    const seen = await rig.look();
    expect(seen).toMatchObject({ ownerUid: OWNER, unfinished: [], oddities: [] });
    expect(seen.records).toMatchObject([{ node: "node1", pid: 1234, key: { user: "alice", server: "" } }]);
    expect(seen.claims).toMatchObject([{ node: "node1", id: claimFile().id }]);
    expect(seen.jupyters.toSorted((a, b) => a - b)).toEqual([99, 1234]);
  });

  it("believes a claim that its hub is just making by link(2)", async () => {
    plant(join(runtime, ".claim-tmp"), claimFile());
    linkSync(join(runtime, ".claim-tmp"), join(runtime, "jhub-claim-.json"));
    expect((await rig.look()).claims).toHaveLength(1);
  });

  it("reads the records of a node that is called claim", async () => {
    const over = { node: "claim", baseUrl: "/n/claim/user/alice/" };
    plant(join(runtime, "jhub-claim-1234.json"), recordFile(over));
    expect((await rig.look()).records).toMatchObject([{ node: "claim" }]);
  });

  it("notices what is written, replaced and removed", async () => {
    expect((await rig.look()).records).toEqual([]);
    plant(join(runtime, NAME), recordFile());
    expect((await rig.look()).records).toMatchObject([{ connections: 3 }]);
    plant(join(runtime, ".tmp"), recordFile({ connections: 4 }));
    renameSync(join(runtime, ".tmp"), join(runtime, NAME));
    expect((await rig.look()).records).toMatchObject([{ connections: 4 }]);
    rmSync(join(runtime, NAME));
    expect((await rig.look()).records).toEqual([]);
  });

  it("waits a moment for the rest of a file that is being written", async () => {
    plant(join(runtime, NAME), JSON.stringify(recordFile()).slice(0, 50));
    const looking = rig.look();
    await new Promise(setImmediate);
    writeFileSync(join(runtime, NAME), JSON.stringify(recordFile()));
    expect((await looking).records).toHaveLength(1);
  });

  it.each(["", '{"version": 1, "no'])("concludes nothing from %j", async (text) => {
    plant(join(runtime, NAME), text);
    expect(await rig.look()).toMatchObject({ ...NOTHING, unfinished: [NAME] });
  });
});

describe("home reader, on what hostile users plant", () => {
  let runtime: string;
  beforeEach(() => {
    runtime = rig.makeHome("alice");
  });
  afterEach(() => {
    rmSync(rig.root, { recursive: true });
    makeDirectory(rig.root);
  });

  async function oddities(): Promise<readonly string[]> {
    const { oddities: odd, ...rest } = await rig.look();
    expect(rest).toMatchObject({ records: [], claims: [] });
    return odd;
  }

  it.each(["/proc/self/environ", "/etc/passwd", "nowhere"])(
    "follows no symbolic link to %s",
    async (target) => {
      symlinkSync(target, join(runtime, NAME));
      expect(await oddities()).toEqual([`${NAME} is a symbolic link`]);
    },
  );

  it("follows none to a good record either", async () => {
    plant(join(runtime, "elsewhere"), recordFile());
    symlinkSync("elsewhere", join(runtime, NAME));
    expect(await oddities()).toEqual([`${NAME} is a symbolic link`]);
  });

  it("does not wait at a FIFO", async () => {
    execFileSync("mkfifo", [join(runtime, NAME)]);
    own(join(runtime, NAME));
    expect(await oddities()).toEqual([`${NAME} is no regular file`]);
  });

  it("reads no directory named like a record", async () => {
    makeDirectory(join(runtime, NAME));
    expect(await oddities()).toEqual([`${NAME} is no regular file`]);
  });

  it("reads no file that has another name", async () => {
    plant(join(rig.root, "elsewhere"), recordFile());
    linkSync(join(rig.root, "elsewhere"), join(runtime, NAME));
    expect(await oddities()).toEqual([`${NAME} has other names`]);
  });

  it("reads nothing of a file of 3 GiB", async () => {
    plant(join(runtime, NAME), "");
    truncateSync(join(runtime, NAME), 3 * 1024 ** 3);
    expect(await oddities()).toEqual([`${NAME} is too long`]);
  });

  itAsRoot.each([
    ["another user", OTHER],
    ["root", 0],
    ["nobody", NOBODY],
  ])(`believes no file of %s${NOT_RUN}`, async (_, uid) => {
    plant(join(runtime, NAME), recordFile(), uid);
    expect(await oddities()).toEqual([`${NAME} does not belong to the home's owner`]);
  });

  itAsRoot(`reads no hard link to another user's record${NOT_RUN}`, async () => {
    const theirs = rig.makeHome("bob", OTHER);
    plant(join(theirs, NAME), recordFile(), OTHER);
    linkSync(join(theirs, NAME), join(runtime, NAME));
    expect(await oddities()).toEqual([`${NAME} does not belong to the home's owner`]);
  });

  it("believes no record of another user, of another node, of another place", async () => {
    plant(join(runtime, "jhub-node1-1.json"), recordFile({ pid: 1 }));
    plant(join(runtime, "jhub-node1-2.json"), recordFile({ pid: 2, user: "bob" }));
    plant(join(runtime, "jhub-node1-3.json"), recordFile({ pid: 3, node: "node2" }));
    plant(join(runtime, "jhub-node1-4.json"), recordFile({ pid: 4, baseUrl: "/n/node1/user/bob/" }));
    plant(join(runtime, "jhub-node1-5.json"), recordFile({ pid: 6 }));
    expect(await oddities()).toHaveLength(5);
  });

  it("believes neither of two users' records that were swapped", async () => {
    const theirs = rig.makeHome("bob");
    const forBob = { user: "bob", baseUrl: "/n/node1/user/bob/" };
    plant(join(runtime, NAME), recordFile(forBob));
    plant(join(theirs, NAME), recordFile());
    expect(await oddities()).toHaveLength(1);
    expect(await rig.look("bob")).toMatchObject({ records: [], oddities: [`${NAME} names another user`] });
  });

  it("looks at no more than a few hundred files, at claims first", async () => {
    for (let pid = 2000; pid < 2300; pid++)
      plant(join(runtime, `jhub-node1-${pid}.json`), recordFile({ pid }));
    plant(join(runtime, "jhub-claim-.json"), claimFile());
    const seen = await rig.look();
    expect(seen.records).toHaveLength(199);
    expect(seen.claims).toHaveLength(1);
    expect(seen.oddities).toEqual(["101 more files named like records were not looked at"]);
  });

  it("waits for the rest of all unfinished files at once, or they would pass for a home that hangs", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `jhub-node1-${i + 2}.json`);
    for (const name of names) plant(join(runtime, name), "");
    expect((await rig.look()).unfinished.toSorted()).toEqual(names.toSorted());
  });

  it("gives up by itself what takes too long, before that costs everybody their reader", async () => {
    await expect(listEntries(runtime, 10, performance.now() + 60_000)).resolves.toEqual([]);
    plant(join(runtime, NAME), recordFile());
    await expect(listEntries(runtime, 10, performance.now())).rejects.toThrow("takes too long to read");
  });

  it("finds the record among 10,000 other files", async () => {
    for (let i = 0; i < 10_000; i++) writeFileSync(join(runtime, `junk-${i}.json`), "");
    plant(join(runtime, NAME), recordFile());
    expect((await rig.look()).records).toHaveLength(1);
  });
});

describe("home reader, on the way to the runtime directory", () => {
  afterEach(() => {
    execFileSync("chmod", ["-R", "u+rwx", rig.root]);
    rmSync(rig.root, { recursive: true });
    makeDirectory(rig.root);
  });

  function refused(words: string) {
    return { code: "HOME_UNREADABLE", message: expect.stringContaining(words) };
  }

  it("takes a home that may itself stand behind a link of the site", async () => {
    const runtime = rig.makeHome("real");
    plant(join(runtime, NAME), recordFile());
    symlinkSync("real", join(rig.root, "alice"));
    expect((await rig.look()).records).toHaveLength(1);
  });

  it("finds nothing in a home where no Jupyter has been", async () => {
    makeDirectory(join(rig.root, "alice"));
    expect(await rig.look()).toEqual({ ownerUid: OWNER, ...NOTHING });
  });

  it("says that there is no such home", async () => {
    await expect(rig.look()).rejects.toMatchObject(refused("alice does not exist"));
  });

  it.each([".local", ".local/share/jupyter", ".local/share/jupyter/runtime"])(
    "goes through no link of the user's at %s",
    async (component) => {
      plant(join(rig.makeHome("bob"), NAME), recordFile());
      rig.makeHome("alice");
      const path = join(rig.root, "alice", component);
      rmSync(path, { recursive: true });
      symlinkSync(join(rig.root, "bob", component), path);
      await expect(rig.look()).rejects.toMatchObject(refused(`${component} is a symbolic link`));
    },
  );

  it("says that a directory is none", async () => {
    makeDirectory(join(rig.root, "alice"));
    plant(join(rig.root, "alice/.local"), "");
    await expect(rig.look()).rejects.toMatchObject(refused("is a symbolic link, or no directory"));
  });

  itAsRoot.each([
    ["root", 0],
    ["nobody", NOBODY],
  ])(`reads no home of %s${NOT_RUN}`, async (_, uid) => {
    rig.makeHome("alice", uid);
    await expect(rig.look()).rejects.toMatchObject(refused("belongs to no user"));
  });

  itAsRoot(`goes through no directory of somebody else${NOT_RUN}`, async () => {
    own(rig.makeHome("alice"), OTHER);
    await expect(rig.look()).rejects.toMatchObject(refused("runtime does not belong to the home's owner"));
  });

  it.each(["alice", "alice/.local", "alice/.local/share/jupyter/runtime"])(
    "says that %s is closed to it",
    async (component) => {
      rig.makeHome("alice");
      chmodSync(join(rig.root, component), 0o000);
      await expect(rig.look()).rejects.toMatchObject(refused("is closed to the router"));
    },
  );

  it("does not take a record that is closed to it for one that is not there", async () => {
    const runtime = rig.makeHome("alice");
    plant(join(runtime, NAME), recordFile());
    chmodSync(join(runtime, NAME), 0o000);
    await expect(rig.look()).rejects.toMatchObject(refused(`${NAME} is closed to the router`));
  });

  it("lists the homes beside each other", async () => {
    for (const user of ["alice", "bob"]) makeDirectory(join(rig.root, user));
    const names = await rig.reader.list(rig.root, new AbortController().signal);
    expect(names.toSorted()).toEqual(["alice", "bob"]);
  });
});
