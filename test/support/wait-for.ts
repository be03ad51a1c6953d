import { setTimeout as sleep } from "node:timers/promises";

type Answer<T> = T | undefined | false;

/** Asks again and again until there is an answer; says what it has waited for in vain. */
export async function waitFor<T>(
  what: string,
  ask: () => Answer<T> | Promise<Answer<T>>,
  { withinMs = 60_000, everyMs = 200 } = {},
): Promise<T> {
  const untilMs = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > untilMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await sleep(everyMs);
  }
}
