/**
 * Does `work`, but rejects with `late()` when `deadline` aborts first and with the reason of `signal` when
 * that does: also when the work ignores the signal it is given.
 */
export async function within<T>(
  { signal, deadline, late }: Limits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = AbortSignal.any([signal, deadline]);
  either.throwIfAborted();
  try {
    return await unlessAborted(work(either), either);
  } catch (err) {
    throw late !== undefined && deadline.aborted && !signal.aborted ? late(err) : err;
  }
}

export interface Limits {
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
  /** Absent: the deadline's own reason. */
  readonly late?: (cause: unknown) => Error;
}

/** What `work` comes to, or the caller's reason to leave if that is first: the work goes on for the others. */
export function unlessAborted<T>(work: Promise<T>, caller: AbortSignal): Promise<T> {
  // One signal a wait: Node warns of more than ten listeners on one.
  const signal = AbortSignal.any([caller]);
  return new Promise((resolve, reject) => {
    function leave(): void {
      reject(signal.reason as Error);
    }
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", leave);
    });
  });
}

/** A deadline that can be put off. */
interface Patience {
  /** Aborts when the deadline has passed since the last renewal. */
  readonly signal: AbortSignal;
  renew(): void;
}

/** `deadline` gives a signal that aborts when that time has passed. */
export function createPatience(deadline: () => AbortSignal): Patience {
  const late = new AbortController();
  let current: AbortSignal | undefined;

  function renew(): void {
    const next = deadline();
    current = next;
    next.addEventListener("abort", () => {
      if (next === current) late.abort(next.reason);
    });
  }

  renew();
  return { signal: late.signal, renew };
}
