import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { recordFile } from "../support/home-files.ts";
import { createHomeRig, type HomeRig, makeDirectory, plant, readerPids } from "../support/home-rig.ts";
import { waitFor } from "../support/wait-for.ts";

const DEADLINE_MS = 1000;
const LATE = { code: "HOME_UNREADABLE", message: expect.stringContaining("did not answer within 1 s") };

let rig: HomeRig;
let mounts: { readonly path: string; readonly server: ChildProcess }[];
beforeEach(() => {
  mounts = [];
  rig = createHomeRig({ deadlineMs: DEADLINE_MS });
  const over = { user: "bob", baseUrl: "/n/node1/user/bob/" };
  plant(join(rig.makeHome("bob"), "jhub-node1-1234.json"), recordFile(over));
});
afterEach(async () => {
  await rig.reader.stop();
  await letGo();
  await rig.tearDown();
});

/** A file system that takes what it is asked and never answers: even a killed process waits for it. */
async function hang(path: string): Promise<void> {
  makeDirectory(path);
  const server = spawn("python3", ["test/support/hanging-home.py", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  mounts.push({ path, server });
  await once(server.stdout, "data");
}

/** Whoever waits for a file system of these gets an error. */
async function letGo(): Promise<void> {
  for (const { path, server } of mounts.splice(0)) {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
    execFileSync("umount", ["--lazy", path]);
  }
}

describe("a home that hangs", () => {
  it("is unreadable after the deadline, while others are read and the router serves on", async () => {
    await rig.look("bob");
    await hang(join(rig.root, "alice"));
    let isLate = false;
    const late = expect(rig.look("alice").finally(() => (isLate = true))).rejects.toMatchObject(LATE);
    expect((await rig.look("bob")).records).toHaveLength(1);
    await readFile("/etc/passwd");
    await lookup("localhost");
    expect(isLate).toBe(false);
    await late;
    expect((await rig.look("bob")).records).toHaveLength(1);
    await expect(rig.look("alice")).rejects.toMatchObject({
      message: expect.stringContaining("asked again in"),
    });
    expect(rig.log.lines).toHaveLength(1);
  });

  it("costs a file server's other homes no process each", async () => {
    await hang(join(rig.root, "server"));
    const homes = Array.from({ length: 40 }, (_, index) => `server/user${index}`);
    const startedAt = performance.now();
    await Promise.all(homes.map((home) => expect(rig.look(home)).rejects.toMatchObject(LATE)));
    expect(performance.now() - startedAt).toBeLessThan(5 * DEADLINE_MS);
    expect(rig.log.lines).toHaveLength(2);
    expect((await rig.look("bob")).records).toHaveLength(1);
  });

  it("keeps nobody from stopping", async () => {
    await hang(join(rig.root, "alice"));
    await expect(rig.look("alice")).rejects.toMatchObject(LATE);
    await rig.reader.stop();
  });

  it("leaves no process behind once its file system is gone", async () => {
    await hang(join(rig.root, "alice"));
    await expect(rig.look("alice")).rejects.toMatchObject(LATE);
    expect((await rig.look("bob")).records).toHaveLength(1);
    await letGo();
    await waitFor("one reader is left", () => readerPids().length <= 1);
  });
});
