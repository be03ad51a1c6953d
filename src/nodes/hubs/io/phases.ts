/** Lets work of one kind run together, and never beside work of another kind. */
export interface Phases<Kind> {
  /** Does `work` at once, or when the other kind's turn is over: nobody waits longer than for two turns. */
  during<T>(kind: Kind, work: () => Promise<T>): Promise<T>;
}

/** Phases that take turns as soon as somebody waits. */
export function createPhases<Kind extends string>(): Phases<Kind> {
  let current: Kind | undefined;
  let busy = 0;
  let waiting: { readonly kind: Kind; readonly begin: () => void }[] = [];

  function enter(kind: Kind): Promise<void> {
    if (busy === 0 || (kind === current && waiting.length === 0)) {
      current = kind;
      busy += 1;
      return Promise.resolve();
    }
    return new Promise((begin) => waiting.push({ kind, begin }));
  }

  function leave(): void {
    busy -= 1;
    const next = waiting[0]?.kind;
    if (busy > 0 || next === undefined) return;
    const entering = waiting.filter(({ kind }) => kind === next);
    waiting = waiting.filter(({ kind }) => kind !== next);
    current = next;
    busy = entering.length;
    for (const { begin } of entering) begin();
  }

  return {
    async during(kind, work) {
      await enter(kind);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
