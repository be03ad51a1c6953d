import type { Survey } from "../discovery/survey.ts";
import { adminSocketOf, isHttps, type Config } from "../config.ts";
import { DEFAULT_SERVER, type NodeId, type UserName } from "../model.ts";
import type { Locator } from "../ports.ts";
import type { Assignments } from "../router/assignments.ts";
import { decideMoved } from "../router/decide/moved.ts";
import { readyParts } from "../router/decide/readiness.ts";
import { createPathUrls } from "../router/decide/urls.ts";
import { createEntry } from "../router/entry.ts";
import { createAdminSocket } from "../router/io/admin-socket.ts";
import { createFrontServer } from "../router/io/front-server.ts";
import { createMetrics } from "../router/io/metrics.ts";
import { createNodeProxy } from "../router/io/node-proxy.ts";
import { createAdminApp, createWebApp } from "../router/io/web-app.ts";
import { createOwnServers } from "../router/own-servers.ts";
import type { SignInServices } from "../router/decide/sign-in.ts";
import type { NodeReach } from "./node-reach.ts";
import { lobbiesOf, type Nodes } from "./nodes.ts";

interface RouterParts extends Nodes {
  readonly locator: Locator;
  readonly survey: Pick<Survey, "refresh">;
  readonly assignments: Assignments;
  readonly signIn: SignInServices;
}

/** Everything browsers and admins meet. */
export function composeRouter(config: Config, { clock, random, log, hosts }: NodeReach, parts: RouterParts) {
  const { assignments, signIn, locator, survey, placer, keeper, hubApi } = parts;
  const urls = createPathUrls();
  const cluster = { snapshot: () => parts.cluster.snapshot(), problems: () => hosts.problems() };
  const metrics = createMetrics(cluster);
  const introductions = {
    mint: (node: NodeId, { user }: { readonly user: UserName }) =>
      Promise.resolve(signIn.tickets.introduce(user, node)),
  };
  const meter = metrics.meter;
  const wayIn = createEntry(
    { clock, random, log, locator, placer, hubs: keeper, hubApi, introductions, assignments, meter },
    entryOptions(config),
  );
  const ownServers = createOwnServers({ locator, hubApi, wayIn, urls, clock, log }, { deadlineMs: 10_000 });
  const readiness = { parts: () => readyParts(cluster.snapshot(), lobbies()) };
  const pages = { ...signIn, wayIn, ownServers, cluster, locator, placer, metrics, readiness };
  const web = { ...pages, urls, clock, random, log };
  function lobbies() {
    return lobbiesOf(config, hosts.all()).map((node) => ({ node, isReady: parts.lobbies.isReady(node) }));
  }
  const proxy = createNodeProxy(
    {
      sessions: signIn.sessions,
      isKnown: (node) => hosts.find(node) !== undefined,
      dialer: parts.dialer,
      onUpstreamFailure: parts.suspect,
      async whereNow(user, request) {
        const signal = clock.deadline(LOCATE_MS);
        // The node itself has just said that it does not have the server: what was heard of it before is too old.
        await survey.refresh([request.node], 0, signal);
        const location = await locator.locate({ user, server: DEFAULT_SERVER }, signal);
        return decideMoved(request, location, urls);
      },
      log,
    },
    proxyOptions(config),
  );
  return {
    entry: wayIn,
    admin: createAdminSocket(adminSocketOf(config), createAdminApp(web)),
    front: createFrontServer({ app: createWebApp(web), proxy, log }, frontOptions(config)),
  };
}

const LOCATE_MS = 5000;

function entryOptions({ hub, server, placement }: Config) {
  return {
    locateMs: LOCATE_MS,
    lookAgainMs: 1000,
    patienceMs: 600_000,
    startElsewhereAfterMs: server.start_elsewhere_after,
    hubStartMs: hub.start_timeout + 30_000,
    serverStartMs: server.start_timeout,
    freshMs: placement.sample_every,
    keepFailedMs: 60_000,
    keepArrivedMs: 30_000,
  };
}

/** Pings of websockets come every 30 s: idle limits are well above that. */
const IDLE_MS = 300_000;
/** Several hubs' cookies come with every request. */
const MAX_HEADER_BYTES = 64 * 1024;

function proxyOptions(config: Config) {
  const { hub, auth } = config;
  const stripped = auth.kind === "header" ? [auth.user_header, auth.secret_header, auth.groups_header] : [];
  return {
    port: hub.ports.proxy,
    dialTimeoutMs: 10_000,
    answerTimeoutMs: IDLE_MS,
    idleTimeoutMs: IDLE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    maxConnections: 256,
    stalledReaderMs: 120_000,
    isTls: isHttps(config),
    strippedHeaders: stripped.filter((name) => name !== undefined).map((name) => name.toLowerCase()),
  };
}

function frontOptions({ listen: { host, port }, tls }: Config) {
  const limits = { drainMs: 5000, idleTimeoutMs: IDLE_MS, maxHeaderSize: MAX_HEADER_BYTES };
  return { host, port, ...limits, ...(tls !== undefined && { tls }) };
}
