import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "@jest/globals";
import type { NodeId, NodeSpec } from "../../../../src/model.ts";
import { resolveTarget } from "../../../../src/nodes/ssh/io/ssh-target.ts";
import { makeSpec } from "../../../support/ssh-world.ts";

/** A line that says no more than name and address. */
const plain: NodeSpec = {
  id: "node1" as NodeId,
  address: "node1.lab",
  sshPort: 22,
  become: "none",
  transport: "ssh",
  weight: 1,
  labels: [],
};

describe("SSH target", () => {
  let directory: string;
  let configFile: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "mjh-config-"));
    configFile = join(directory, "config");
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function resolve(config: string, more: Partial<NodeSpec> = {}) {
    writeFileSync(configFile, config);
    return resolveTarget({ ...plain, ...more }, configFile);
  }

  test("is root at port 22 of the address where nobody says otherwise", async () => {
    const expected = { host: "node1.lab", port: 22, user: "root", hostKeyNames: ["node1.lab", "node1"] };
    expect(await resolve("")).toMatchObject(expected);
    expect(await resolveTarget(plain, join(directory, "not-there"))).toMatchObject(expected);
    expect(await resolveTarget(plain, undefined)).toMatchObject(expected);
  });

  test("takes the first value OpenSSH would take", async () => {
    const config = `
      Host node1.lab
        User alice
        Port 2201
      Host *.lab !node2.lab
        User bob
        HostName %h.example.org
        IdentityFile ~/.ssh/lab-%r
        IdentitiesOnly yes
        UserKnownHostsFile ~/a /b
      Match host other
        User carol
    `;
    expect(await resolve(config)).toMatchObject({
      user: "alice",
      port: 2201,
      host: "node1.lab.example.org",
      identityFiles: [`${homedir()}/.ssh/lab-alice`],
      identitiesOnly: true,
      knownHostsFiles: [`${homedir()}/a`, "/b"],
    });
  });

  test("lets the hosts file come first", async () => {
    const config = "Host *\n  User alice\n  Port 2201\n";
    expect(await resolve(config, { sshUser: "bob", sshPort: 2202 })).toMatchObject({
      user: "bob",
      port: 2202,
    });
  });

  test("knows a host by its HostKeyAlias alone", async () => {
    expect((await resolve("Host *\n  HostKeyAlias the-lab\n")).hostKeyNames).toEqual(["the-lab"]);
  });

  test("follows a chain of jumps, and a jump's own jump", async () => {
    const config = `
      Host node1.lab
        ProxyJump carol@outer:2200,inner
      Host inner
        HostName 10.0.0.2
      Host outer
        ProxyJump [::1]:2022
    `;
    expect((await resolve(config)).jump).toMatchObject({
      host: "10.0.0.2",
      jump: { host: "outer", port: 2200, user: "carol", jump: { host: "::1", port: 2022 } },
    });
  });

  test("takes ProxyJump none for none", async () => {
    const config = "Host node1.lab\n  ProxyJump none\nHost *\n  ProxyJump bastion\n";
    expect((await resolve(config)).jump).toBeUndefined();
  });

  it.each([
    ["jumps in a circle", "Host *\n  ProxyJump bastion\n", /circle/],
    ["a jump that cannot be read", "Host *\n  ProxyJump a@b@c:x\n", /ProxyJump/],
    ["a proxy command", "Host *\n  ProxyCommand nc %h %p\n", /ProxyCommand is not supported/],
    ["a port that is none", "Host *\n  Port ssh\n", /Port ssh/],
    ["a quote that does not end", 'Host "node1\n  User x\n', /cannot be used/],
    ["a file that is something else", '{"json": true}\n', /no keyword/],
    ["an include", "Include other\n", /Include/],
  ])("refuses %s with SSH_CONFIG", async (_name, config, message) => {
    await expect(resolve(config)).rejects.toMatchObject({
      code: "SSH_CONFIG",
      message: expect.stringMatching(message) as unknown,
    });
  });

  test("never runs a Match exec", async () => {
    const mark = join(directory, "ran");
    await resolve(`Match exec "touch ${mark}"\n  User mallory\n`);
    const { existsSync } = await import("node:fs");
    expect(existsSync(mark)).toBe(false);
  });

  test("says when the file cannot be read", async () => {
    await expect(resolveTarget(makeSpec(22), directory)).rejects.toMatchObject({ code: "SSH_CONFIG" });
  });
});
