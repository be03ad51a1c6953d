/** Who may have how much under way at the same time. */
export interface Turns {
  /** Begins `work` at once, or when something earlier of `who` is over; `work` calls `leave` when it is over itself. */
  take(who: string, work: (leave: () => void) => void): void;
}

/** Does `work` when it is the turn of `who`. */
export function inTurn<T>(turns: Turns, who: string, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    turns.take(who, (leave) => {
      work().finally(leave).then(resolve, reject);
    });
  });
}

interface Queue {
  busy: number;
  readonly waiting: (() => void)[];
}

/** Lets everybody have `limit` things under way; what is beyond waits behind their own, and holds up nobody else. */
export function createTurns(limit: number): Turns {
  const queues = new Map<string, Queue>();

  function begin(who: string, queue: Queue, work: (leave: () => void) => void): void {
    let isOver = false;
    queue.busy += 1;
    work(() => {
      if (isOver) return;
      isOver = true;
      queue.busy -= 1;
      const next = queue.waiting.shift();
      // Not from within: a queue of clients that have all left would go through it as deep as it is long.
      if (next !== undefined) queueMicrotask(next);
      else if (queue.busy === 0) queues.delete(who);
    });
  }

  return {
    take(who, work) {
      const queue = queues.get(who) ?? { busy: 0, waiting: [] };
      queues.set(who, queue);
      if (queue.busy < limit) begin(who, queue, work);
      else
        queue.waiting.push(() => {
          queues.set(who, queue);
          begin(who, queue, work);
        });
    },
  };
}
