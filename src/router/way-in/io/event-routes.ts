import { once } from "node:events";
import { Router, type Response } from "express";
import type { ServerKey } from "../../../model.ts";
import type { Journey } from "../decide/journey.ts";
import { eventId, formatEvent, targetOf } from "../decide/start-event.ts";
import { safeNext, type Urls } from "../../web/decide/urls.ts";
import type { WayIn } from "../decide/way-in.ts";
import { sendJsonError } from "../../web/io/answers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { field, ownKey, whenGone } from "../../sign-in/io/visitor.ts";

export interface EventRoutesDeps {
  readonly wayIn: WayIn;
  readonly doors: SessionMiddleware;
  readonly urls: Urls;
}

export interface EventRoutesOptions {
  readonly heartbeatMs: number;
  /** A stream ends after this long, so that the page's return shows whether its session still holds. */
  readonly maxStreamMs: number;
  /** Streams one user may have open. */
  readonly maxPerUser: number;
}

const EVENT_OPTIONS: EventRoutesOptions = {
  heartbeatMs: 15_000,
  maxStreamMs: 300_000,
  maxPerUser: 20,
};

/**
 * `GET /events/start?server=&next=`: the visitor's own journey as server-sent events. Each event is the whole
 * state, so a page that comes back after a lost connection, or to another router, needs only the newest.
 */
export function createEventRoutes({ wayIn, doors, urls }: EventRoutesDeps, options = EVENT_OPTIONS): Router {
  const streams = new Map<string, number>();
  const router = Router();

  router.get("/events/start", doors.requireSession, async (request, response) => {
    const session = sessionOf(response);
    const key = ownKey(field(request.query, "server"), response, session);
    if (key === undefined) return;
    if ((streams.get(key.user) ?? 0) >= options.maxPerUser) {
      sendJsonError(response, 429, "TOO_MANY_PAGES", "too many waiting pages are open");
      return;
    }
    wayIn.open(session, key);
    const watch = { key, next: safeNext(field(request.query, "next")), lastId: request.get("last-event-id") };
    count(key, 1);
    await stream(response, watch).finally(() => {
      count(key, -1);
    });
  });

  function count({ user }: ServerKey, change: 1 | -1): void {
    const left = (streams.get(user) ?? 0) + change;
    if (left === 0) streams.delete(user);
    else streams.set(user, left);
  }

  async function stream(response: Response, watch: Watch): Promise<void> {
    const signal = AbortSignal.any([whenGone(response), AbortSignal.timeout(options.maxStreamMs)]);
    const heartbeat = setInterval(() => response.write(": still here\n\n"), options.heartbeatMs);
    response.writeHead(200, STREAM_HEADERS);
    response.write("retry: 2000\n\n");
    try {
      await tell(response, watch, signal);
    } catch (err) {
      if (!signal.aborted) throw err;
    } finally {
      clearInterval(heartbeat);
      response.end();
    }
  }

  async function tell(response: Response, { key, next, lastId }: Watch, signal: AbortSignal): Promise<void> {
    let known = lastId;
    function isNews(journey: Journey): boolean {
      return eventId(journey) !== known || journey.outcome !== undefined;
    }
    for (;;) {
      const journey = await wayIn.next(key, isNews, signal);
      if (journey === undefined || isShutdown(journey)) return;
      const isTaken = response.write(formatEvent(journey, targetOf(journey, urls, next)));
      if (journey.outcome !== undefined) return;
      if (!isTaken) await once(response, "drain", { signal });
      known = eventId(journey);
    }
  }

  return router;
}

interface Watch {
  readonly key: ServerKey;
  readonly next: string | undefined;
  /** The newest event the page has seen: `Last-Event-ID`. */
  readonly lastId: string | undefined;
}

/** A router that stops says nothing: the page comes back by itself, to its successor. */
function isShutdown({ outcome }: Journey): boolean {
  return outcome?.kind === "failed" && outcome.code === "STOPPING";
}

const STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  /** Asks nginx in front not to hold events back. */
  "X-Accel-Buffering": "no",
};
