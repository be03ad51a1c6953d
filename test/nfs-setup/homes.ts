import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A group and users that this machine does not know: only their numbers matter. */
export const GROUP = 61990;
export const isRoot = process.getuid?.() === 0;

const ids: Readonly<Record<string, number>> = { alice: 61001, bob: 61002, carol: 61003 };

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of homes on the local file system; root gives each user an own uid, anybody else owns them all. */
export function createHomes() {
  const root = mkdtempSync(join(tmpdir(), "homes-"));
  chmodSync(root, 0o755);
  function home(user: string): string {
    return join(root, user);
  }

  return {
    root,
    home,
    runtime: (user: string) => join(home(user), ".local/share/jupyter/runtime"),
    add(user: string, mode: number) {
      mkdirSync(home(user));
      if (isRoot) chownSync(home(user), ids[user] ?? 0, ids[user] ?? 0);
      chmodSync(home(user), mode);
    },
    grant: (...words: string[]) =>
      run("nfs-setup/grant", "--homes", root, "--group", String(GROUP), ...words),
    asOwner: (user: string, ...words: string[]) => run(...become(ids[user] ?? 0, ids[user] ?? 0), ...words),
    asRouter: (...words: string[]) => run(...become(61991, GROUP), ...words),
    acl: (path: string) => execFileSync("getfacl", ["-cpnE", path], { encoding: "utf8" }).trim().split("\n"),
    dispose() {
      rmSync(root, { recursive: true });
    },
  };
}

function become(uid: number, gid: number): string[] {
  return isRoot ? ["setpriv", "--reuid", String(uid), "--regid", String(gid), "--clear-groups"] : [];
}

function run(...words: string[]): Answer {
  const [command = "", ...args] = words;
  const done = spawnSync(command, args, { encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
