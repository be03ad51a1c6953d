import { afterAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createSystemDirectory } from "../../../../src/router/way-in/io/system-directory.ts";
import { describeSystemDirectory } from "../../../contract/system-directory.ts";
import { waitFor } from "../../../support/wait-for.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "system-directory-"));
afterAll(() => {
  rmSync(FOLDER, { recursive: true });
});

/** A directory that asks this program in the place of `id`. */
function asking(name: string, lines: string) {
  const command = join(FOLDER, name);
  writeFileSync(command, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return createSystemDirectory({ command });
}

const account = userInfo().username;
const ownGroup = execFileSync("id", ["-gn"], { encoding: "utf8" }).trim();
const never = new AbortController().signal;

describeSystemDirectory("of this machine", () => ({
  directory: createSystemDirectory(),
  account,
  groups: [ownGroup],
  hanging: asking("hanging", "exec sleep 60"),
}));

describe("the system's directory", () => {
  it("counts the groups that have a name, where one has none", async () => {
    const words = `id: cannot find name for group ID 4711`;
    const directory = asking(
      "nameless",
      `printf 'ml\\0domain users\\0004711\\0ml\\0'; echo '${words}' >&2; exit 1`,
    );
    expect(await directory.groupsOf(account, never)).toEqual(["domain users", "ml"]);
  });

  it("does not take a failure for an account that is not there", async () => {
    const directory = asking("failing", "echo 'id: unrecognized option: zero' >&2; exit 1");
    await expect(directory.groupsOf(account, never)).rejects.toMatchObject({
      code: "DIRECTORY_SILENT",
      message: "id: unrecognized option: zero",
      remedy: `try: id ${account}`,
    });
    const absent = createSystemDirectory({ command: join(FOLDER, "absent") });
    await expect(absent.groupsOf(account, never)).rejects.toMatchObject({ code: "DIRECTORY_SILENT" });
  });

  it("tells the program nothing of the router's environment", async () => {
    process.env["MULTIJHUB_TEST_SECRET"] = "secret";
    const told = await asking("environment", "env | tr '\\n' '\\0'").groupsOf(account, never);
    delete process.env["MULTIJHUB_TEST_SECRET"];
    expect(told).toEqual(expect.arrayContaining(["LC_ALL=C"]));
    expect(told?.join("\n")).not.toContain("secret");
  });

  it("leaves no program behind when nobody waits for it any more", async () => {
    const file = join(FOLDER, "pid");
    const directory = asking(
      "stubborn",
      `trap '' TERM; echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 60`,
    );
    const leaving = new AbortController();
    const asked = directory.groupsOf(account, leaving.signal);
    asked.catch(() => undefined);
    await waitFor("the program to run", () => existsSync(file));
    const pid = Number(readFileSync(file, "utf8"));
    leaving.abort(new Error("the caller left"));
    await expect(asked).rejects.toThrow("the caller left");
    await waitFor("the program to end", () => !existsSync(`/proc/${pid}/stat`) || isZombie(pid));
  });
});

function isZombie(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
}
