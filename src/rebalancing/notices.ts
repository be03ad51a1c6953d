import { keyText, type UserName } from "../model.ts";
import { isAbout, REBALANCING, type StopMove, type StopNotice } from "../plan.ts";
import type { Audit, Clock, Log, StopNotices } from "../ports.ts";
import { iso } from "../wall-clock.ts";
import { parseNotices } from "./decide/plan-document.ts";
import type { Keeps } from "./keeps.ts";
import type { Shelf } from "./shelf.ts";

/** Tells owners where they look, beside `/home`. Rejects if it cannot. */
export interface OwnerMessenger {
  tell(notice: StopNotice, signal: AbortSignal): Promise<void>;
}

export interface NoticeBook extends StopNotices {
  all(): Promise<readonly StopNotice[]>;
  /**
   * Owners of these servers, and of no others, have a notice from now on; a notice from before stays as it is, unless
   * its server was used since. Resolves with the notices there are.
   */
  give(stops: readonly StopMove[], signal: AbortSignal): Promise<readonly StopNotice[]>;
}

export interface NoticeDeps {
  readonly shelf: Shelf;
  readonly keeps: Keeps;
  readonly messenger?: OwnerMessenger | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NoticeOptions {
  readonly graceMs: number;
  /** How long the messenger may take for one notice. */
  readonly tellMs: number;
}

const NOTICES = "notices";

export function createNoticeBook(
  { shelf, keeps, messenger, audit, clock, log }: NoticeDeps,
  { graceMs, tellMs }: NoticeOptions,
): NoticeBook {
  async function all(): Promise<readonly StopNotice[]> {
    return parseNotices(await shelf.get(NOTICES));
  }

  function noticeFor(stop: StopMove, before: readonly StopNotice[]): StopNotice {
    const known = before.find((notice) => isAbout(notice, stop) && notice.sinceMs >= stop.idleSinceMs);
    if (known !== undefined) return known;
    const { key, node, why, reasons } = stop;
    const sinceMs = clock.now();
    return { key, node, why, words: reasons.join("; "), sinceMs, notBeforeMs: sinceMs + graceMs };
  }

  async function of(user: UserName): Promise<readonly StopNotice[]> {
    const kept = await keeps.of([user]);
    return (await all()).filter(({ key }) => key.user === user && !kept.has(keyText(key)));
  }

  async function tell(notice: StopNotice, signal: AbortSignal): Promise<void> {
    const { key, node, notBeforeMs } = notice;
    const act = { audit: "notice", by: REBALANCING, ...key, node, notBefore: iso(notBeforeMs) } as const;
    await audit.note(act, "owner is told that an idle server will be stopped");
    try {
      await messenger?.tell(notice, AbortSignal.any([signal, clock.deadline(tellMs)]));
    } catch (err) {
      // It is on /home anyway, and the time until the stop is the same.
      log.warn({ err, user: key.user }, "notice not sent to its owner");
    }
  }

  return {
    all,
    of,
    async keep(key) {
      const told = (await of(key.user)).find((notice) => keyText(notice.key) === keyText(key));
      const untilMs = await keeps.keep(key);
      // Only what answers a notice: names of servers can be made up, and would push everything else out of the file.
      if (told !== undefined) {
        const act = { audit: "keep", by: key.user, ...key, node: told.node, until: iso(untilMs) } as const;
        await audit.note(act, "owner keeps an idle server");
      }
      return untilMs;
    },
    async give(stops, signal) {
      const before = await all();
      const notices = stops.map((stop) => noticeFor(stop, before));
      const text = JSON.stringify(notices);
      if (text !== JSON.stringify(before)) await shelf.put(NOTICES, text);
      await Promise.all(notices.filter((each) => !before.includes(each)).map((each) => tell(each, signal)));
      return notices;
    },
  };
}
