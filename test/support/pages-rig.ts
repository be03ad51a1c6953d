import express, { type Express } from "express";
import request from "supertest";
import type { ClusterSnapshot, UserName } from "../../src/model.ts";
import type { HostsFileProblem } from "../../src/router/decide/api-views.ts";
import type { ReadyPart } from "../../src/router/decide/cluster-source.ts";
import type { Session, SessionLookup } from "../../src/router/decide/session.ts";
import { createPathUrls } from "../../src/router/decide/urls.ts";
import { createApiRoutes } from "../../src/router/io/api-routes.ts";
import { createEntryRoutes } from "../../src/router/io/entry-routes.ts";
import { answerErrors, answerNotFound } from "../../src/router/io/error-answer.ts";
import { createEventRoutes, type EventRoutesOptions } from "../../src/router/io/event-routes.ts";
import { createHealthRoutes } from "../../src/router/io/health-routes.ts";
import { createHomeRoutes } from "../../src/router/io/home-routes.ts";
import { createMetrics } from "../../src/router/io/metrics.ts";
import { createSecurityHeaders } from "../../src/router/io/security-headers.ts";
import { createSessionMiddleware, type SessionMiddleware } from "../../src/router/io/session-middleware.ts";
import { createOwnServers } from "../../src/router/own-servers.ts";
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

const FORM_TOKENS = { issue: () => "good", isGood: (_session: object, token: unknown) => token === "good" };

/** Every page, the events and the API over a world in memory. */
export function createPagesRig({ events = EVENTS } = {}) {
  const rig = createEntryRig();
  const { entry, world, clock, log } = rig;
  const state = {
    session: SESSION as Session | undefined,
    parts: [] as ReadyPart[],
    problems: [] as HostsFileProblem[],
    snapshot: fakeSnapshot(clock.now()),
  };
  const urls = createPathUrls();
  const doors = createDoors(() => state.session);
  const formTokens = FORM_TOKENS;
  const cluster = { snapshot: () => state.snapshot, problems: () => state.problems };
  const metrics = createMetrics(cluster);
  const ownServers = createOwnServers({ ...world, wayIn: entry, urls, clock, log }, { deadlineMs: 5000 });
  const readiness = { parts: () => state.parts };
  const signOut = {
    signOutUser: (user: UserName) => Promise.resolve({ user, ended: [NODE1], silent: [], cookies: [] }),
  };
  const api = { cluster, wayIn: entry, metrics, signOut, locator: world.locator };

  const app: Express = express();
  app.use(
    createSecurityHeaders({ next: () => 0.5, token: () => "test-nonce" }),
    createHealthRoutes(readiness, { trusted: false }),
    createEntryRoutes({ wayIn: entry, doors, formTokens, urls, clock }, { quickMs: 50 }),
    createEventRoutes({ wayIn: entry, doors, urls }, events),
    createHomeRoutes({ ownServers, doors, formTokens, clock }),
    createApiRoutes(api, { trusted: false, doors }),
    answerNotFound(),
    answerErrors(log),
  );
  const admin: Express = express();
  admin.use(createHealthRoutes(readiness, { trusted: true }), createApiRoutes(api, { trusted: true }));
  admin.use(answerNotFound(), answerErrors(log));
  return { ...rig, state, app, admin, metrics };
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
        isDraining: false,
        reservations: [],
      },
      {
        spec: { ...spec, id: NODE2 },
        state: "down",
        detail: "no answer",
        isDraining: true,
        reservations: [],
      },
    ],
  };
}

/** A form of one of our pages, as a browser sends it. */
export function postForm(app: Express, path: string, fields: Readonly<Record<string, string>> = {}) {
  const form = { form_token: "good", server: "", ...fields };
  return request(app).post(path).set("Sec-Fetch-Site", "same-origin").type("form").send(form);
}
