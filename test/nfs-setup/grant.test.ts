import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHomes, GROUP, isRoot } from "./homes.ts";

const asRoot = isRoot ? it : it.skip;
const NOT_RUN = isRoot ? "" : " (NOT RUN: needs root)";
let homes: ReturnType<typeof createHomes>;

beforeEach(() => {
  homes = createHomes();
  homes.add("alice", 0o700);
});
afterEach(() => {
  homes.dispose();
});

describe("a dry run", () => {
  it("prints the commands and changes nothing", () => {
    const shown = homes.grant("--dry-run", "alice");
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(shown.out).toContain(`setfacl -m g:${GROUP}:--x -- ${homes.home("alice")}\n`);
    expect(shown.out).toContain(`d:g:${GROUP}:r-- -- ${homes.runtime("alice")}\n`);
    expect(readdirSync(homes.home("alice"))).toEqual([]);
    expect(homes.acl(homes.home("alice"))).toHaveLength(3);
  });

  it("prints what a shell can run: the same commands as the grant itself", () => {
    const shown = homes.grant("--dry-run", "alice").out.replace(/^#.*\n/, "");
    expect(homes.grant("alice").out).toBe(shown);
  });
});

describe("a grant", () => {
  it("lets the group pass through, and read the runtime directory only", () => {
    expect(homes.grant("alice").code).toBe(0);
    expect(homes.acl(homes.home("alice"))).toContain(`group:${GROUP}:--x`);
    expect(homes.acl(homes.runtime("alice"))).toEqual(
      expect.arrayContaining([`group:${GROUP}:r-x`, `default:group:${GROUP}:r--`, "default:other::---"]),
    );
  });

  it("does nothing the second time", () => {
    homes.grant("alice");
    expect(homes.grant("alice")).toEqual({ code: 0, out: "", err: "" });
  });

  it("is put back after a chmod 700, without giving the owner's group what the chmod took from it", () => {
    homes.asOwner("alice", "chmod", "750", homes.home("alice"));
    homes.grant("alice");
    homes.asOwner("alice", "chmod", "700", homes.home("alice"));
    expect(homes.grant("--check", "alice")).toMatchObject({
      code: 1,
      err: expect.stringContaining("pass through"),
    });

    expect(homes.grant("alice").out).toContain(`-m group::---,g:${GROUP}:--x`);
    expect(homes.grant("--check", "alice")).toMatchObject({ code: 0, out: "alice: granted\n" });
    expect(homes.acl(homes.home("alice"))).toEqual(expect.arrayContaining(["group::---", "mask::--x"]));
  });

  it("refuses a path with a symbolic link, which the router would not follow", () => {
    symlinkSync("/etc", join(homes.home("alice"), ".local"));
    expect(homes.grant("alice")).toMatchObject({ code: 1, err: expect.stringContaining("symbolic link") });
  });

  asRoot(
    `acts as the owner: a link below the home leads to nothing the owner could not change${NOT_RUN}`,
    () => {
      homes.asOwner("alice", "mkdir", "-p", join(homes.home("alice"), ".local/share"));
      symlinkSync("/", join(homes.home("alice"), ".local/share/jupyter"));
      expect(homes.grant("--group", "61992", "alice").code).toBe(1);
      expect(homes.acl("/").join()).not.toContain("61992");
    },
  );

  asRoot(`opens the record to the router's group, and no other file${NOT_RUN}`, () => {
    homes.grant("alice");
    for (const [name, mode] of [
      ["jhub-node1-7.json", "640"],
      ["jpserver-7.json", "600"],
    ] as const) {
      const file = join(homes.runtime("alice"), name);
      homes.asOwner("alice", "sh", "-c", `umask 077; echo x > ${file}; chmod ${mode} ${file}`);
    }
    expect(homes.asRouter("cat", join(homes.runtime("alice"), "jhub-node1-7.json")).out).toBe("x\n");
    expect(homes.asRouter("cat", join(homes.runtime("alice"), "jpserver-7.json")).code).toBe(1);
    expect(homes.asRouter("ls", homes.home("alice")).code).not.toBe(0);
  });
});

describe("taking it back", () => {
  it("leaves the plain modes of before", () => {
    homes.asOwner("alice", "chmod", "750", homes.home("alice"));
    homes.grant("alice");
    expect(homes.grant("--revoke", "alice").code).toBe(0);
    expect(homes.acl(homes.home("alice"))).toEqual(["user::rwx", "group::r-x", "other::---"]);
    expect(homes.acl(homes.runtime("alice"))).toEqual(["user::rwx", "group::---", "other::---"]);
    expect(statSync(homes.runtime("alice")).mode & 0o777).toBe(0o700);
    expect(homes.grant("--revoke", "alice")).toEqual({ code: 0, out: "", err: "" });
  });

  it("keeps what the site granted to others", () => {
    homes.asOwner("alice", "setfacl", "-m", "g:61777:r-x,d:g:61777:r", homes.home("alice"));
    const before = homes.acl(homes.home("alice"));
    homes.grant("alice");
    homes.grant("--revoke", "alice");
    expect(homes.acl(homes.home("alice"))).toEqual(before);
  });
});

describe("all users", () => {
  asRoot(`are the folders that a user owns; one that fails stops none of the others${NOT_RUN}`, () => {
    homes.add("bob", 0o700);
    homes.add("nobodys", 0o755);
    writeFileSync(join(homes.root, "quota.user"), "");
    const done = homes.grant("--all");
    expect(done.code).toBe(1);
    expect(done.err).toContain("nobodys");
    expect(homes.grant("--check", "alice", "bob").out).toBe("alice: granted\nbob: granted\n");
  });

  it("and one user cannot be mixed up with an option or a path", () => {
    expect(homes.grant("../alice").code).toBe(2);
    expect(homes.grant("--al").code).toBe(2);
    expect(homes.grant().code).toBe(2);
  });
});
