/** "1 server", "3 servers". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Bytes for a person: "512 MiB", "1.5 GiB". */
export function size(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return Math.abs(mib) < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** A span of time for a person: "4 s", "12 min", "3 h". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** A share for a person: "41 %". */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
