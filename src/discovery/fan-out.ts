/** Runs `work` on every item, at most `cap` at a time. One that fails keeps nothing from the others. */
export async function fanOut<T>(
  items: readonly T[],
  cap: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = [...items];
  async function worker(): Promise<void> {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item).catch(() => undefined);
    }
  }
  await Promise.all(Array.from({ length: Math.min(cap, items.length) }, worker));
}
