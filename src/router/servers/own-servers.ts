import { within } from "../../deadline.ts";
import type { Location, Sighting } from "../../sighting.ts";
import type { UserName } from "../../model.ts";
import { DEFAULT_SERVER } from "../../model.ts";
import type { Clock, ForeignJupyters, Locator, StopNotices } from "../../ports.ts";
import type { OwnServer, OwnServers } from "./decide/home-page.ts";
import { homeTrouble, type HomesSource } from "./decide/home-trouble.ts";
import { loginPath } from "../sign-in/decide/sign-in.ts";
import { sightingsIn, silentIn } from "./decide/sightings.ts";
import { busyText, stateOf } from "../way-in/decide/server-words.ts";
import { serverPath, type Urls } from "../web/decide/urls.ts";
import type { WayIn } from "../way-in/decide/way-in.ts";
import type { Remedies } from "../way-in/remedies.ts";
import type { ServerNews } from "./server-news.ts";

export interface OwnServersDeps {
  readonly locator: Pick<Locator, "locateAll" | "lookAfresh">;
  readonly remedies: Pick<Remedies, "stop">;
  readonly wayIn: Pick<WayIn, "forget" | "lastPlacement" | "choices">;
  readonly homes: Pick<HomesSource, "reading">;
  readonly foreign: ForeignJupyters;
  readonly stopNotices: Pick<StopNotices, "keep">;
  readonly news: Pick<ServerNews, "tell">;
  readonly urls: Urls;
  readonly clock: Clock;
}

/** What a user sees and does of their own servers, without starting any. */
export function createOwnServers(deps: OwnServersDeps, options: { readonly deadlineMs: number }): OwnServers {
  const { locator, remedies, wayIn, homes, foreign, stopNotices, news, urls, clock } = deps;

  async function list(user: UserName, signal: AbortSignal) {
    const location = await bounded(signal, (either) => locateAfresh(user, either));
    const last = await wayIn.lastPlacement({ user, server: DEFAULT_SERVER });
    const sightings = sightingsIn(location);
    const trouble = homeTrouble(homes.reading(user), sightings);
    const own = await foreign.of(user, signal);
    return {
      user,
      servers: await news.tell(user, sightings.map(ownServer)),
      silent: silentIn(location),
      trouble,
      foreign: own,
      last,
      choices: wayIn.choices,
    };
  }

  /** Where the user's servers are, as their nodes say it now. */
  async function locateAfresh(user: UserName, signal: AbortSignal): Promise<Location> {
    const known = sightingsIn(await locator.locateAll(user, signal));
    if (known.length > 0) await locator.lookAfresh([...new Set(known.map(({ node }) => node))], signal);
    return locator.locateAll(user, signal);
  }

  function ownServer(sighting: Sighting): OwnServer {
    const { key, node, startedAt, lastActivity, record } = sighting;
    const startedAtMs = parseTime(startedAt);
    const lastActivityMs = parseTime(lastActivity);
    return {
      key,
      node,
      state: stateOf(sighting),
      url: loginPath({ node, next: urls.urlFor(node, `${serverPath(key)}lab`) }),
      ...(startedAtMs !== undefined && { startedAtMs }),
      ...(lastActivityMs !== undefined && { lastActivityMs }),
      ...(record !== undefined && { busy: busyText(record) }),
    };
  }

  function bounded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within({ signal, deadline: clock.deadline(options.deadlineMs) }, work);
  }

  return {
    list,
    async stop(key, node, signal) {
      const location = await bounded(signal, (either) => locator.locateAll(key.user, either));
      const sighting = sightingsIn(location).find(
        (seen) => seen.node === node && seen.key.server === key.server,
      );
      if (sighting !== undefined) await remedies.stop(sighting, signal);
      await wayIn.forget(key, node);
    },
    async keep(key) {
      await stopNotices.keep(key);
    },
  };
}

function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
