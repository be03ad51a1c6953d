import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordFile } from "../../support/home-files.ts";
import { createHomeRig, type HomeRig, plant, readerPids } from "../../support/home-rig.ts";

let rig: HomeRig;
beforeEach(() => {
  rig = createHomeRig({ deadlineMs: 500 });
  for (const user of ["alice", "bob", "carol"]) {
    const over = { user, baseUrl: `/n/node1/user/${user}/` };
    plant(join(rig.makeHome(user), "jhub-node1-1234.json"), recordFile(over));
  }
});
afterEach(async () => {
  await rig.tearDown();
  expect(readerPids()).toEqual([]);
});

function thePid(): number {
  const pids = readerPids();
  expect(pids).toHaveLength(1);
  return pids[0] ?? NaN;
}

const HOOK = fileURLToPath(new URL("../../support/typescript-hook.mjs", import.meta.url));
const PARENT = fileURLToPath(new URL("../../support/home-reader-parent.mjs", import.meta.url));
const LATE = { code: "HOME_UNREADABLE", message: "it did not answer within 0.5 s" };

describe("the process that reads homes", () => {
  it("is killed and replaced when it does not answer", async () => {
    await rig.look();
    const hung = thePid();
    process.kill(hung, "SIGSTOP");
    await expect(rig.look()).rejects.toMatchObject(LATE);
    expect((await rig.look("bob")).records).toHaveLength(1);
    expect(thePid()).not.toBe(hung);
    expect(rig.log.lines).toMatchObject([{ level: "warn" }]);
  });

  it("is asked again for the others when it hung over one", async () => {
    await rig.look();
    process.kill(thePid(), "SIGSTOP");
    const late = expect(rig.look()).rejects.toMatchObject(LATE);
    const turn = new Promise((resolve) => setTimeout(resolve, 50));
    const bob = turn.then(() => rig.look("bob"));
    await late;
    expect((await bob).records).toHaveLength(1);
  });

  it("is not asked at once again for a home over which it hung", async () => {
    await rig.look();
    process.kill(thePid(), "SIGSTOP");
    await expect(rig.look()).rejects.toMatchObject(LATE);
    await expect(rig.look()).rejects.toMatchObject({ message: /is asked again in 1 s$/ });
  });

  it("is replaced when it ends by itself, at the cost of nothing", async () => {
    await rig.look();
    process.kill(thePid(), "SIGSTOP");
    const looking = rig.look();
    await new Promise(setImmediate);
    process.kill(thePid(), "SIGKILL");
    expect((await looking).records).toHaveLength(1);
  });

  it("leaves a caller who does not wait any more", async () => {
    await rig.look();
    const leaving = AbortSignal.abort(new Error("left"));
    await expect(rig.reader.list(rig.root, leaving)).rejects.toThrow("left");
  });

  it("has neither the router's environment nor its arguments", async () => {
    process.env["MULTIJHUB_TEST_SECRET"] = "canary";
    await rig.look();
    const pid = thePid();
    delete process.env["MULTIJHUB_TEST_SECRET"];
    // Of a process that has given up its rights the environment is root's to read, and of any other its owner's.
    const words = ["environ", "cmdline"].map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8"));
    expect(words.join()).not.toContain("canary");
    expect(words[0]?.split("\0").map((word) => word.split("=")[0])).toEqual([
      "UV_THREADPOOL_SIZE",
      "NODE_CHANNEL_FD",
      "NODE_CHANNEL_SERIALIZATION_MODE",
      "",
    ]);
  });

  it("ends with the router, however that ends", async () => {
    const args = ["--import", HOOK, PARENT, join(rig.root, "alice")];
    const router = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(router.stdout, "data");
    const [reader = NaN] = readerPids(router.pid);
    router.kill("SIGKILL");
    await once(router, "exit");
    while (existsSync(`/proc/${reader}`)) await new Promise(setImmediate);
  });

  it("takes no more questions when the router stops", async () => {
    await rig.look();
    await rig.reader.stop();
    await expect(rig.look()).rejects.toMatchObject({ code: "STOPPING" });
  });
});
