import { setTimeout as sleep } from "node:timers/promises";

type Answer<T> = T | undefined | false;

/** Asks again and again until there is an answer; says what it has waited for in vain, in the words of then. */
export async function waitFor<T>(
  what: string | (() => string),
  ask: () => Answer<T> | Promise<Answer<T>>,
  { withinMs = 60_000, everyMs = 200 } = {},
): Promise<T> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > untilMs)
      throw new Error(`not within ${withinMs / 1000} s: ${typeof what === "string" ? what : what()}`);
    await sleep(everyMs);
  }
}

/** Tries again until it no longer throws; fails as the last time. */
export async function eventually<T>(attempt: () => T | Promise<T>, seconds = 60): Promise<T> {
  const untilMs = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (err) {
      if (Date.now() > untilMs) throw err;
    }
    await sleep(200);
  }
}
