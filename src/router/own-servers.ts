import { within } from "../deadline.ts";
import type { HubServer, NodeId, Sighting, UserName } from "../model.ts";
import { DEFAULT_SERVER } from "../model.ts";
import type { Clock, HubApi, Locator, Log } from "../ports.ts";
import type { OwnServer, OwnServers } from "./decide/home-page.ts";
import { loginPath } from "./decide/sign-in.ts";
import { serverPath, type Urls } from "./decide/urls.ts";
import type { WayIn } from "./decide/way-in.ts";

export interface OwnServersDeps {
  readonly locator: Pick<Locator, "locateAll">;
  readonly hubApi: Pick<HubApi, "serversOf" | "stopServer">;
  readonly wayIn: Pick<WayIn, "forget" | "lastPlacement">;
  readonly urls: Urls;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a user sees and does of their own servers, without starting any. */
export function createOwnServers(deps: OwnServersDeps, options: { readonly deadlineMs: number }): OwnServers {
  const { locator, hubApi, wayIn, urls, clock, log } = deps;

  async function list(user: UserName, signal: AbortSignal) {
    const location = await bounded(signal, (either) => locator.locateAll(user, either));
    const sightings = location.kind === "found" ? [location.sighting, ...location.others] : [];
    const nodes = [...new Set(sightings.map(({ node }) => node))];
    const details = new Map<NodeId, readonly HubServer[] | undefined>();
    await Promise.all(nodes.map(async (node) => details.set(node, await detailsOf(node, user, signal))));
    const last = await wayIn.lastPlacement({ user, server: DEFAULT_SERVER });
    const servers = sightings.flatMap((sighting) => ownServer(sighting, details.get(sighting.node)) ?? []);
    return { user, servers, silent: location.kind === "unknown" ? location.silent : [], last };
  }

  /** The hub's own words on the user's servers, newer than the sightings; undefined when it does not answer. */
  async function detailsOf(node: NodeId, user: UserName, signal: AbortSignal) {
    try {
      return await bounded(signal, (either) => hubApi.serversOf(node, user, either));
    } catch (err) {
      signal.throwIfAborted();
      log.warn({ err, node }, "hub does not tell a user's servers");
      return undefined;
    }
  }

  /** Undefined when the hub says that the server is there no longer. */
  function ownServer(
    { key, node, ...seen }: Sighting,
    details: readonly HubServer[] | undefined,
  ): OwnServer | undefined {
    const known = details?.find((server) => server.key.server === key.server);
    if (details !== undefined && known === undefined) return undefined;
    const { pending, ready, startedAt, lastActivity } = known ?? seenOnly(seen);
    const up = ready ? "ready" : "stopped";
    const startedAtMs = parseTime(startedAt);
    const lastActivityMs = parseTime(lastActivity);
    return {
      key,
      node,
      state: pending === undefined ? up : pending === "spawn" ? "starting" : "stopping",
      url: loginPath({ node, next: urls.urlFor(node, `${serverPath(key)}lab`) }),
      ...(startedAtMs !== undefined && { startedAtMs }),
      ...(lastActivityMs !== undefined && { lastActivityMs }),
    };
  }

  function bounded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = clock.deadline(options.deadlineMs);
    return within({ signal, deadline, late: (cause) => cause as Error }, work);
  }

  return {
    list,
    async stop(key, node, signal) {
      await bounded(signal, (either) => hubApi.stopServer(node, key, either));
      await wayIn.forget(key);
      log.info({ user: key.user, server: key.server, node }, "owner stopped a server");
    },
  };
}

function seenOnly(seen: Omit<Sighting, "key" | "node">): Omit<HubServer, "key"> {
  const { ready, pending, lastActivity } = seen;
  return { ready, ...(pending && { pending }), ...(lastActivity !== undefined && { lastActivity }) };
}

function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
