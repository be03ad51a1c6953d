/**
 * Does `work`, but rejects with `late()` when `deadline` aborts first and with the reason of `signal` when
 * that does: also when the work ignores the signal it is given.
 */
export async function within<T>(
  { signal, deadline, late }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = AbortSignal.any([signal, deadline]);
  const abort = watch(either);
  try {
    return await Promise.race([abort.happened, work(either)]);
  } catch (err) {
    throw deadline.aborted && !signal.aborted ? late(err) : err;
  } finally {
    abort.unwatch();
  }
}

/** `happened` rejects with the signal's reason. Unwatched, it holds on to nothing: signals may live long. */
function watch(signal: AbortSignal): { readonly happened: Promise<never>; unwatch(): void } {
  signal.throwIfAborted();
  const listening = new AbortController();
  const happened = new Promise<never>((_, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(signal.reason as Error);
      },
      { once: true, signal: listening.signal },
    );
  });
  return {
    happened,
    unwatch: () => {
      listening.abort();
    },
  };
}

export interface Limits {
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
  readonly late: (cause: unknown) => Error;
}
