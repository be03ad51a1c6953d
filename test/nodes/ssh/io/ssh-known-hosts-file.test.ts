import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pinHostKeys, readPinnedKeys } from "../../../../src/nodes/ssh/io/ssh-known-hosts-file.ts";
import type { SshTarget } from "../../../../src/nodes/ssh/io/ssh-target.ts";
import { makeSshKey } from "../../../support/ssh-server.ts";

function targetOf(host: string): SshTarget {
  return {
    name: host,
    host,
    port: 22,
    user: "root",
    hostKeyNames: [host],
    identityFiles: [],
    identitiesOnly: false,
    knownHostsFiles: [],
  };
}

function newKey() {
  const [keyType = "", key = ""] = makeSshKey().public.split(" ");
  return { keyType, key };
}

describe("known hosts file", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "mjh-pins-"));
    file = join(directory, "state", "known_hosts");
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test("is made with what it holds for us alone, and keeps what others wrote", async () => {
    const key = newKey();
    await pinHostKeys(file, targetOf("node1"), [key]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, "# by hand\n" + readFileSync(file, "utf8"));
    await pinHostKeys(file, targetOf("node2"), [newKey()]);
    expect(readFileSync(file, "utf8")).toMatch(/^# by hand\nnode1 .*\nnode2 .*\n$/);
    expect(await readPinnedKeys(file, targetOf("node1"))).toMatchObject([key]);
  });

  test("holds a key once; another key of the host is added, or takes its place", async () => {
    const [first, second] = [newKey(), newKey()];
    await pinHostKeys(file, targetOf("node1"), [first]);
    await pinHostKeys(file, targetOf("node1"), [first]);
    await pinHostKeys(file, targetOf("node1"), [second]);
    expect(await readPinnedKeys(file, targetOf("node1"))).toMatchObject([first, second]);
    await pinHostKeys(file, targetOf("node1"), [second], { replace: true });
    expect(await readPinnedKeys(file, targetOf("node1"))).toMatchObject([second]);
  });

  test("loses nothing when many nodes are pinned at once", async () => {
    const nodes = Array.from({ length: 20 }, (_, index) => targetOf(`node${index}`));
    const key = newKey();
    await Promise.all(nodes.map((node) => pinHostKeys(file, node, [key])));
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(20);
    expect(readdirSync(join(directory, "state"))).toEqual(["known_hosts"]);
  });

  test("does not wait for a writer that died", async () => {
    file = join(directory, "known_hosts");
    writeFileSync(`${file}.new`, "half");
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(`${file}.new`, longAgo, longAgo);
    await pinHostKeys(file, targetOf("node1"), [newKey()]);
    expect(await readPinnedKeys(file, targetOf("node1"))).toHaveLength(1);
  });
});
