import type { Lab } from "./lab.ts";

/** A runtime record as a server of the lab wrote it; tests look at what they need. */
export interface PublishedRecord {
  readonly node: string;
  readonly pid: number;
}

export function runtimeDirectory(user: string): string {
  return `/home/${user}/.local/share/jupyter/runtime`;
}

/** Every record of the user on the lab's shared home, those of dead servers included. */
export function recordsOf(lab: Lab, user: string): PublishedRecord[] {
  const files = `${runtimeDirectory(user)}/jhub-node*.json`;
  const lines = lab.run("sh", "node1", `for f in ${files}; do [ ! -e $f ] || { cat $f; echo; }; done`);
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PublishedRecord);
}

/** The API token of the user's running server, which Jupyter writes beside the record. */
export function serverTokenOf(lab: Lab, user: string): string {
  const { token } = JSON.parse(lab.run("sh", "node1", `cat ${runtimeDirectory(user)}/jpserver-*.json`)) as {
    readonly token: string;
  };
  if (token === "") throw new Error(`the server of ${user} has no token`);
  return token;
}
