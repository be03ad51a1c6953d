export function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}

export function thousandths(share: number): number {
  return Math.round(share * 1000) / 1000;
}
