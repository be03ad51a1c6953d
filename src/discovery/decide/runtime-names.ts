/** What the names in a runtime directory promise. */
export interface RuntimeNames {
  /** Files to read: claims first, then records, each sorted. */
  readonly files: readonly string[];
  /** Processes with a `jpserver-PID.json`: its content is never read, it holds a token. */
  readonly jupyters: readonly number[];
  readonly oddities: readonly string[];
}

/** More of them than any user has servers; the rest is not looked at. */
const MAX_FILES = 200;

/** Sorts out the names of a runtime directory; whatever else lies there is passed over. */
export function sortNames(names: readonly string[]): RuntimeNames {
  const ours = names.filter((name) => /^jhub-[A-Za-z0-9._~%-]+\.json$/.test(name));
  const sorted = ours.toSorted((a, b) => Number(isClaimName(b)) - Number(isClaimName(a)) || (a < b ? -1 : 1));
  const more = sorted.length - MAX_FILES;
  return {
    files: sorted.slice(0, MAX_FILES),
    jupyters: names.flatMap(jupyterPid).slice(0, MAX_FILES),
    oddities: more > 0 ? [`${more} more files named like records were not looked at`] : [],
  };
}

export function isClaimName(name: string): boolean {
  return name.startsWith("jhub-claim-");
}

function jupyterPid(name: string): number[] {
  const pid = /^jpserver-([1-9][0-9]{0,6})\.json$/.exec(name)?.[1];
  return pid === undefined ? [] : [Number(pid)];
}
