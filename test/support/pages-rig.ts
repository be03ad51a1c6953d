import express, { type Express } from "express";
import request from "supertest";
import type { ForeignJupyter, HomeReading } from "../../src/home-model.ts";
import type { LoadHistory } from "../../src/load-history.ts";
import type { ClusterSnapshot, UserName } from "../../src/model.ts";
import type { Choice } from "../../src/router/way-in/decide/choice.ts";
import type { HostsFileProblem, ReadyPart } from "../../src/router/admin/decide/cluster-source.ts";
import type { Session, SessionLookup } from "../../src/router/sign-in/decide/session.ts";
import { createPathUrls } from "../../src/router/web/decide/urls.ts";
import { createApiRoutes } from "../../src/router/admin/io/api-routes.ts";
import { createDecisionRoutes } from "../../src/router/way-in/io/decision-routes.ts";
import { createEntryRoutes } from "../../src/router/way-in/io/entry-routes.ts";
import { answerErrors, answerNotFound } from "../../src/router/front/io/error-answer.ts";
import { createEventRoutes, type EventRoutesOptions } from "../../src/router/way-in/io/event-routes.ts";
import { createHealthRoutes } from "../../src/router/admin/io/health-routes.ts";
import { createHomeRoutes } from "../../src/router/servers/io/home-routes.ts";
import { createMetrics } from "../../src/router/admin/io/metrics.ts";
import { createSecurityHeaders } from "../../src/router/web/io/security-headers.ts";
import {
  createSessionMiddleware,
  type SessionMiddleware,
} from "../../src/router/sign-in/io/session-middleware.ts";
import { createOccupants } from "../../src/router/admin/occupants.ts";
import type { Sighting } from "../../src/sighting.ts";
import { createOwnServers } from "../../src/router/servers/own-servers.ts";
import { createMoves } from "../../src/router/servers/moves.ts";
import { createServerNews } from "../../src/router/servers/server-news.ts";
import { createFakeStopNotices } from "./fake-stop-notices.ts";
import { createFakeOrders } from "./fake-orders.ts";
import { createFakeRebalancing } from "./fake-rebalancing.ts";
import { createEntryRig } from "./entry-rig.ts";
import { ALICE, NODE1, NODE2 } from "./fake-world.ts";

export const SESSION: Session = {
  id: "session-1",
  user: ALICE.user,
  groups: [],
  isAdmin: false,
  nodes: [],
  startedAtMs: 0,
  expiresAtMs: 9e12,
};

const EVENTS: EventRoutesOptions = { heartbeatMs: 20, maxStreamMs: 5000, maxPerUser: 3 };

/** The form token is "good"; the session is what the test says. */
function createDoors(session: () => Session | undefined): SessionMiddleware {
  const sessions = {
    read: () => {
      const found = session();
      const lookup =
        found === undefined ? { kind: "none" } : { kind: "session", session: found, renewal: [] };
      return Promise.resolve(lookup as SessionLookup);
    },
    expireCookies: () => [],
  };
  return createSessionMiddleware({ sessions, formTokens: FORM_TOKENS });
}

export const METRICS_TOKEN = "0123456789abcdef";
const FORM_TOKENS = { issue: () => "good", isGood: (_session: object, token: unknown) => token === "good" };

/** A node that has told of its load twice, and others that never did. */
function historyUntil(nowMs: number): LoadHistory {
  const points = [
    { atMs: nowMs - 120_000, memory: 0.25, load: 0.5, servers: 1 },
    { atMs: nowMs, memory: 0.5, load: 1.5, servers: 2 },
  ];
  return { everyMs: 120_000, of: (node) => (node === NODE1 ? points : []) };
}

/** Every page, the events and the API over a world in memory. */
export function createPagesRig({
  events = EVENTS,
  choices = [],
}: {
  events?: EventRoutesOptions;
  choices?: readonly Choice[];
} = {}) {
  const rig = createEntryRig({ choices });
  const { entry, world, audit, clock, log, remedies } = rig;
  const state = {
    homes: { read: 1, unreadable: 0, serversWithoutRecord: 0 },
    session: SESSION as Session | undefined,
    parts: [] as ReadyPart[],
    problems: [] as HostsFileProblem[],
    warnings: [] as string[],
    snapshot: fakeSnapshot(clock.now()),
  };
  const urls = createPathUrls();
  const doors = createDoors(() => state.session);
  const formTokens = FORM_TOKENS;
  const history = historyUntil(clock.now());
  const cluster = {
    snapshot: () => state.snapshot,
    problems: () => state.problems,
    warnings: () => state.warnings,
  };
  const readings = new Map<UserName, HomeReading>();
  const own: ForeignJupyter[] = [];
  const foreign = { of: () => Promise.resolve(own) };
  const homes = { reading: (user: UserName) => readings.get(user), counts: () => state.homes };
  const stopNotices = createFakeStopNotices(clock);
  const news = createServerNews({ stopNotices, keeps: stopNotices.keeps, cluster, clock });
  const rebalancing = createFakeRebalancing();
  const metrics = createMetrics(cluster, { isUp: () => true, isLeader: () => false }, homes, rebalancing);
  const ownServers = createOwnServers(
    { ...world, remedies, wayIn: entry, homes, foreign, urls, clock, stopNotices, news },
    { deadlineMs: 5000 },
  );
  const moves = createMoves({ ...world, remedies, wayIn: entry, audit, clock }, { deadlineMs: 5000 });
  const readiness = { parts: () => state.parts };
  const signOut = {
    signOutUser: (user: UserName) => Promise.resolve({ user, ended: [NODE1], silent: [], cookies: [] }),
  };
  const orders = createFakeOrders();
  const sightings: Sighting[] = [];
  const running = { lookAfresh: () => Promise.resolve(), sightings: () => sightings };
  const occupants = createOccupants({ running, stopNotices, cluster, clock }, { lookMs: 5000 });
  const seen = { cluster, homes, foreign, metrics, locator: world.locator };
  const api = { ...seen, history, occupants, clock, wayIn: entry, signOut, orders, rebalancing, formTokens };

  const app: Express = express();
  app.use(
    createSecurityHeaders({ next: () => 0.5, token: () => "test-nonce" }),
    createHealthRoutes(readiness, { trusted: false }),
    createEntryRoutes({ wayIn: entry, news, doors, formTokens, urls, clock }, { quickMs: 50 }),
    createDecisionRoutes({ wayIn: entry, doors }),
    createEventRoutes({ wayIn: entry, doors, urls }, events),
    createHomeRoutes({ ownServers, moves, doors, formTokens, adminUrl: "/admin", clock }),
    createApiRoutes(api, { trusted: false, doors, metricsToken: METRICS_TOKEN }),
    answerNotFound(),
    answerErrors(log),
  );
  const admin: Express = express();
  admin.use(createHealthRoutes(readiness, { trusted: true }), createApiRoutes(api, { trusted: true }));
  admin.use(answerNotFound(), answerErrors(log));
  const parts = {
    history,
    wayIn: entry,
    ownServers,
    moves,
    news,
    occupants,
    homes,
    foreign,
    cluster,
    readiness,
    metrics,
    orders,
    rebalancing,
    urls,
    clock,
    log,
    store: rig.store,
  };
  return {
    ...rig,
    readings,
    own,
    stopNotices,
    sightings,
    state,
    app,
    admin,
    metrics,
    orders,
    rebalancing,
    parts: { ...parts, ...world },
  };
}

function fakeSnapshot(nowMs: number): ClusterSnapshot {
  const spec = {
    address: "10.0.0.1",
    sshPort: 22,
    become: "none",
    transport: "ssh",
    weight: 1,
    labels: ["gpu"],
  } as const;
  const load = {
    takenAtMs: nowMs - 1500,
    clockOffsetMs: 20,
    cores: 4,
    load1: 1,
    memoryTotalBytes: 8 * 1024 ** 3,
    memoryAvailableBytes: 6 * 1024 ** 3,
    servers: 3,
    users: 2,
  };
  return {
    takenAtMs: nowMs,
    nodes: [
      {
        spec: { ...spec, id: NODE1, maxServers: 8 },
        state: "up",
        detail: "",
        lastSeenMs: nowMs - 1500,
        load,
        reservations: [],
        growing: [],
      },
      {
        spec: { ...spec, id: NODE2 },
        state: "down",
        detail: "no answer",
        closure: { state: "draining", words: "draining, as it has left the hosts file" },
        reservations: [],
        growing: [],
      },
    ],
  };
}

/** A form of one of our pages, as a browser sends it. */
export function postForm(app: Express, path: string, fields: Readonly<Record<string, string>> = {}) {
  const form = { form_token: "good", server: "", ...fields };
  return request(app).post(path).set("Sec-Fetch-Site", "same-origin").type("form").send(form);
}
