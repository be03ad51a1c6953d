import { keyText, type UserName } from "../../src/model.ts";
import type { StopNotice } from "../../src/plan.ts";
import type { Clock, StopNotices } from "../../src/ports.ts";
import type { Keeps } from "../../src/router/servers/server-news.ts";

export interface FakeStopNotices extends StopNotices {
  /** What owners are told; the test says it. */
  readonly given: StopNotice[];
  readonly keeps: Keeps;
}

/** Notices in memory; a server is kept for an hour, and what is kept has no notice. */
export function createFakeStopNotices(clock: Pick<Clock, "now">): FakeStopNotices {
  const given: StopNotice[] = [];
  const kept = new Map<string, number>();
  return {
    given,
    of: (user: UserName) =>
      Promise.resolve(given.filter(({ key }) => key.user === user && !kept.has(keyText(key)))),
    keep(key) {
      const untilMs = clock.now() + 3_600_000;
      kept.set(keyText(key), untilMs);
      return Promise.resolve(untilMs);
    },
    keeps: { of: () => Promise.resolve(kept) },
  };
}
