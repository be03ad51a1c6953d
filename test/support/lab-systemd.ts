import { accessSync, constants, readFileSync } from "node:fs";

/** Where systemd could have a branch of control groups of its own, if there is such a place. */
export function cgroupRoot(): string | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const root = mounts.map((line) => line.split(" ")).find(([, , kind]) => kind === "cgroup2")?.[1];
  try {
    accessSync(`${root ?? ""}/cgroup.procs`, constants.W_OK);
    return root;
  } catch {
    return undefined;
  }
}

/** Words for the name of tests that are skipped for the lack of it; empty where they can run. */
export function noControlGroups(): string {
  return cgroupRoot() === undefined ? " (SKIPPED: this machine has no cgroup v2 that may be written)" : "";
}
