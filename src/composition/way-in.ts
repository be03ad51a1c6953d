import type { Config } from "../config.ts";
import type { NodeId } from "../model.ts";
import type { Store } from "../cache-ports.ts";
import type { ForeignJupyters, Locator, StopNotices } from "../ports.ts";
import type { Assignments } from "../router/way-in/assignments.ts";
import type { HomesSource } from "../router/servers/decide/home-trouble.ts";
import type { SignInServices } from "../router/sign-in/decide/sign-in.ts";
import type { StartPermit } from "../router/sign-in/decide/ticket.ts";
import type { Urls } from "../router/web/decide/urls.ts";
import type { Introductions, JourneyMeter, Traveller } from "../router/way-in/decide/way-in.ts";
import { createEntry } from "../router/way-in/entry.ts";
import { createMoves } from "../router/servers/moves.ts";
import { createOccupants, type OccupantsDeps } from "../router/admin/occupants.ts";
import { createSystemDirectory } from "../router/way-in/io/system-directory.ts";
import { createSystemGroups, NO_SYSTEM_GROUPS } from "../router/way-in/system-groups.ts";
import { createMemberships, type Memberships } from "../router/way-in/memberships.ts";
import { createWishes, type WishesOptions } from "../router/way-in/wishes.ts";
import { createOwnServers } from "../router/servers/own-servers.ts";
import { createServerNews, type Keeps } from "../router/servers/server-news.ts";
import type { NodeReach } from "./node-reach.ts";
import type { Nodes } from "./nodes.ts";
import { LOCATE_MS } from "./proxies.ts";
import { composeRemedies } from "./remedies.ts";
import { startDeadlines } from "./start-deadlines.ts";

/** How long a page waits for its user. */
const PATIENCE_MS = 600_000;

export interface WayInParts extends Pick<Nodes, "placer" | "keeper" | "hubApi" | "cluster"> {
  readonly locator: Locator;
  readonly assignments: Assignments;
  readonly store: Store;
  readonly homes: HomesSource;
  readonly foreign: ForeignJupyters;
  readonly signIn: SignInServices;
  readonly stopNotices: StopNotices;
  readonly keeps: Keeps;
  readonly running: OccupantsDeps["running"];
}

/** The way to one's server, and the page of one's servers. */
export function composeWayIn(
  config: Config,
  reach: NodeReach,
  parts: WayInParts,
  { meter, urls }: { readonly meter: JourneyMeter; readonly urls: Urls },
) {
  const { audit, clock, random, log } = reach;
  const { keeper: hubs, hubApi, locator, placer, assignments, homes, foreign } = parts;
  const introductions = introductionsBy(parts.signIn);
  const remedies = composeRemedies(config, reach, parts);
  const memberships = composeMemberships(config, reach, parts.store);
  const wishes = createWishes({ store: parts.store, placer, memberships, clock, log }, wishesOptions(config));
  const travel = { wishes, hubs, hubApi, locator, placer, assignments, introductions, remedies };
  const wayIn = createEntry({ ...travel, clock, random, log, meter }, entryOptions(config));
  const { stopNotices, keeps, cluster } = parts;
  const news = createServerNews({ stopNotices, keeps, cluster, clock });
  const own = { locator, remedies, wayIn, homes, foreign, urls, clock, stopNotices, news };
  return {
    wayIn,
    news,
    ownServers: createOwnServers(own, { deadlineMs: LOOK_MS }),
    moves: createMoves({ ...own, audit }, { deadlineMs: LOOK_MS }),
    occupants: createOccupants({ ...parts, stopNotices, clock }, { lookMs: 5000 }),
  };
}

/** How long looking at a user's servers may take. */
const LOOK_MS = 10_000;

function introductionsBy({ tickets }: SignInServices): Introductions {
  return {
    mint: (node: NodeId, { user }: Traveller, start?: StartPermit) =>
      Promise.resolve(tickets.introduce(user, node, start)),
  };
}

function wishesOptions({ placement: { choices } }: Config): WishesOptions {
  return { choices, patienceMs: PATIENCE_MS, lookAgainMs: 5000 };
}

/** The system is asked only where its answer can matter. */
function composeMemberships(
  { placement: { groups, groups_from } }: Config,
  { clock, log }: NodeReach,
  store: Store,
): Memberships {
  const asksSystem = groups_from !== "sign-in" && Object.keys(groups).length > 0;
  const directory = createSystemDirectory();
  const systemGroups = asksSystem
    ? createSystemGroups({ directory, store, clock, log }, { ...SYSTEM_GROUPS, ofUse: Object.keys(groups) })
    : NO_SYSTEM_GROUPS;
  return createMemberships(systemGroups, { groups, heedsSignIn: groups_from !== "system" });
}

const SYSTEM_GROUPS = { deadlineMs: 2000, freshMs: 60_000, keepMs: 7 * 86_400_000 };

function entryOptions(config: Config) {
  const { server, placement } = config;
  const { journeyHubMs, serverMs } = startDeadlines(config);
  return {
    locateMs: LOCATE_MS,
    lookAgainMs: 1000,
    patienceMs: PATIENCE_MS,
    startElsewhereAfterMs: server.start_elsewhere_after,
    hubStartMs: journeyHubMs,
    serverStartMs: serverMs,
    freshMs: placement.sample_every,
    keepFailedMs: 60_000,
    keepArrivedMs: 30_000,
  };
}
