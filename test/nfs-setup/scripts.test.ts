import { expect, it } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPTS = ["server", "client", "grant", "check"];
/** Numbers and names that no machine has yet. */
const WHO = ["--group", "mjhtest", "--gid", "61990", "--account", "mjhtest", "--uid", "61990"];

const folder = mkdtempSync(join(tmpdir(), "nfs-setup-"));

function dryRun(script: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const done = spawnSync(`nfs-setup/${script}`, [...words, "--dry-run"], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { code: done.status, lines: done.stdout.split("\n"), err: done.stderr };
}

it.each(SCRIPTS)("%s explains itself, and refuses what it does not know", (script) => {
  const { stdout } = spawnSync(`nfs-setup/${script}`, ["--help"], { encoding: "utf8" });
  expect(stdout).toMatch(/^\S.*\n\nUsage: nfs-setup/);
  expect(stdout).not.toContain("shellcheck");
  expect(spawnSync(`nfs-setup/${script}`, ["--everything"], { encoding: "utf8" })).toMatchObject({
    status: 2,
  });
});

it("server prints what it would do: account, groups by the server, export, and what comes next", () => {
  const { code, lines } = dryRun("server", [
    ...["--export", folder, "--nodes", "10.0.0.0/24,node7", "--router", "10.0.0.5", "--sec", "krb5p"],
    ...WHO,
  ]);
  const rules = "sync,no_subtree_check,root_squash,sec=krb5p";
  expect(code).toBe(0);
  expect(lines).toEqual(
    expect.arrayContaining([
      "groupadd --system --gid 61990 mjhtest",
      expect.stringMatching(
        /^useradd --system --uid 61990 --gid mjhtest .*--shell \/usr\/sbin\/nologin mjhtest$/,
      ),
      "nfsconf --set mountd manage-gids y",
      `echo '${folder} 10.0.0.0/24(rw,${rules}) node7(rw,${rules}) 10.0.0.5(ro,${rules})' > /etc/exports.d/multijhub.exports`,
      "exportfs -ra",
    ]),
  );
  expect(readdirSync(folder)).toEqual([]);
});

it("client mounts a node to write and never fail, a router to read and never wait", () => {
  const from = ["--server", "files:/export/home", "--at", "/srv/mjhtest"];
  const node = dryRun("client", ["node", ...from, ...WHO]).lines.find((line) => line.includes("fstab"));
  const router = dryRun("client", ["router", ...from, ...WHO]).lines.find((line) => line.includes("fstab"));
  expect(node).toBe(
    "echo 'files:/export/home /srv/mjhtest nfs vers=4.2,sec=sys,nosuid,nodev,_netdev,rw,hard 0 0' >> /etc/fstab",
  );
  expect(router).toMatch(
    /,_netdev,ro,soft,timeo=20,retrans=1,actimeo=1,nosharecache,noexec(,nosymfollow)? 0 0/,
  );
});

it("asks the system's own package manager", () => {
  const red = join(mkdtempSync(join(tmpdir(), "os-release-")), "os-release");
  writeFileSync(red, 'ID="rocky"\nID_LIKE="rhel centos fedora"\n');
  const PATH = "/nowhere";
  const needs = `. nfs-setup/common.sh; dry_run=yes; needs no-such-command debian-name red-hat-name`;
  expect(execFileSync("/bin/sh", ["-c", needs], { env: { OS_RELEASE: red, PATH }, encoding: "utf8" })).toBe(
    "dnf install -y red-hat-name\n",
  );
});

it("every script is POSIX shell, and has shellcheck's approval where it is installed", () => {
  const files = [...SCRIPTS.map((name) => `nfs-setup/${name}`), "nfs-setup/common.sh", ...listAcl()];
  for (const file of files) execFileSync("/bin/sh", ["-n", file]);
  for (const name of SCRIPTS) expect(readFileSync(`nfs-setup/${name}`, "utf8")).toMatch(/^#!\/bin\/sh\n/);
  const checked = spawnSync("shellcheck", ["-s", "sh", ...files], { encoding: "utf8" });
  expect(checked.stdout ?? "").toBe("");
});

function listAcl(): string[] {
  return readdirSync("nfs-setup/acl").map((name) => `nfs-setup/acl/${name}`);
}
