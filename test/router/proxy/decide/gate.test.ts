import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { UserName } from "../../../../src/model.ts";
import { fetchKind, type FetchKind } from "../../../../src/router/web/decide/fetch-kind.ts";
import { judge, type Verdict } from "../../../../src/router/proxy/decide/gate.ts";
import { parseNodePath } from "../../../../src/router/proxy/decide/node-path.ts";
import type { SessionLookup } from "../../../../src/router/sign-in/decide/session.ts";

function signedIn(user: string): SessionLookup {
  const session = {
    id: "s",
    user: user as UserName,
    groups: [],
    isAdmin: true,
    nodes: [],
    startedAtMs: 0,
    expiresAtMs: 1,
  };
  return { kind: "session", session, renewal: [] };
}
const NOBODY: SessionLookup = { kind: "none" };

function at(target: string, lookup: SessionLookup, fetch: FetchKind = "navigation", method = "GET"): Verdict {
  const parsed = parseNodePath(target);
  if (!parsed.ok) throw new Error(parsed.reason);
  return judge({ path: parsed.path, lookup, fetch, method });
}

const FORWARD = { kind: "forward" };
function to(location: string): unknown {
  return { kind: "redirect", location };
}

describe("judge: a user's server", () => {
  it.each<FetchKind>(["navigation", "service-worker", "other"])("is its owner's (%s)", (fetch) => {
    expect(at("/n/node1/user/alice/x", signedIn("alice"), fetch)).toEqual(FORWARD);
  });

  it.each<FetchKind>(["navigation", "service-worker", "other"])(
    "is nobody else's, not an admin's either (%s)",
    (fetch) => {
      const verdict = at("/n/node1/user/alice/x", signedIn("carol"), fetch);
      expect(verdict).toMatchObject({ kind: "refuse", answer: { status: 403, code: "NOT_YOURS" } });
    },
  );

  it("leads signed-out visitors to sign in, and back by the lasting link", () => {
    const want = to("/login?next=%2Fuser%2Falice%2Flab%3Fa%3D1");
    expect(at("/n/node1/user/alice/lab?a=1", NOBODY)).toEqual(want);
    expect(at("/n/node1/user/alice/lab?a=1", NOBODY, "service-worker")).toEqual(want);
    expect(at("/n/node1/user/a%20b", NOBODY)).toEqual(to("/login?next=%2Fuser%2Fa%2520b%2F"));
  });

  it("lets an open tab of an ended session go on: its server checks its own cookie", () => {
    expect(at("/n/node1/user/alice/api/contents", NOBODY, "other", "PUT")).toEqual(FORWARD);
  });

  it("gives no service worker a scope over other users", () => {
    const code = "SERVICE_WORKER";
    expect(at("/n/node1/user/alice", signedIn("alice"), "service-worker")).toMatchObject({
      answer: { code },
    });
    expect(at("/n/node1/hub/sw.js", signedIn("alice"), "service-worker")).toMatchObject({ answer: { code } });
    expect(at("/n/node1/sw.js", NOBODY, "service-worker")).toMatchObject({ answer: { code } });
  });

  it("is forwarded only to its owner, or without session and not as a page, for all targets", () => {
    const users = fc.constantFrom("alice", "bob", "carol", "a b", "alice@x");
    fc.assert(
      fc.property(
        users,
        users,
        fc.boolean(),
        fc.constantFrom<FetchKind>("navigation", "service-worker", "other"),
        (owner, visitor, isIn, fetch) => {
          const verdict = at(
            `/n/node1/user/${encodeURIComponent(owner)}/x`,
            isIn ? signedIn(visitor) : NOBODY,
            fetch,
          );
          expect(verdict.kind === "forward").toBe(isIn ? owner === visitor : fetch === "other");
        },
      ),
    );
  });
});

describe("judge: a hub", () => {
  it.each([
    ["/n/node1/hub/home", "/home"],
    ["/n/node1/hub/home/", "/home"],
    ["/n/node1/hub/logout", "/logout"],
    ["/n/node1/hub/spawn", "/"],
    ["/n/node1/hub/spawn?next=", "/"],
    ["/n/node1/hub/spawn/alice", "/user/alice/"],
    ["/n/node1/hub/spawn/alice/gpu", "/user/alice/gpu/"],
    ["/n/node1/hub/spawn-pending/alice", "/user/alice/"],
    ["/n/node1/hub/spawn/alice?next=%2Fn%2Fnode1%2Fuser%2Falice%2Flab%2Ftree%2Fx", "/user/alice/lab/tree/x"],
    ["/n/node1/hub/spawn/alice?next=%2Fn%2Fnode1%2Fhub%2Fuser%2Falice%2Flab", "/user/alice/lab"],
    ["/n/node1/hub/spawn/alice?next=https%3A%2F%2Fevil.example", "/user/alice/"],
    ["/n/node1/hub/spawn?next=%2F%2Fevil.example", "/"],
    ["/n/node1/hub/user-redirect/lab/tree/a?x=1", "/hub/user-redirect/lab/tree/a?x=1"],
  ])("%s leads to %s", (target, location) => {
    expect(at(target, signedIn("alice"))).toEqual(to(location));
  });

  it.each([
    ["/n/node1/hub/login", "navigation", "GET"],
    ["/n/node1/hub/login", "navigation", "POST"],
    ["/n/node1/hub/token", "navigation", "GET"],
    ["/n/node1/hub/router_login?router_token=t", "navigation", "GET"],
    ["/n/node1/hub/api/oauth2/authorize", "navigation", "GET"],
    ["/n/node1/hub/home", "other", "GET"],
    ["/n/node1/hub/logout", "other", "GET"],
    ["/n/node1/hub/homes", "navigation", "GET"],
    ["/n/node1/", "navigation", "GET"],
    ["/n/node1/services/x/", "navigation", "GET"],
  ] as const)("%s (%s, %s) is the hub's own", (target, fetch, method) => {
    expect(at(target, NOBODY, fetch, method)).toEqual(FORWARD);
  });
});

it("refuses what the session reader refuses, and TRACE", () => {
  expect(at("/n/node1/hub/", { kind: "refused", reason: "twice" })).toMatchObject({
    answer: { status: 400 },
  });
  expect(at("/n/node1/hub/", NOBODY, "other", "TRACE")).toMatchObject({ answer: { status: 405 } });
});

describe("fetchKind", () => {
  const HTML = "text/html,application/xhtml+xml,*/*;q=0.8";
  it.each([
    ["GET", { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, "navigation"],
    ["GET", { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, "navigation"],
    ["GET", { "sec-fetch-mode": "navigate", "sec-fetch-dest": "object" }, "navigation"],
    ["POST", { "sec-fetch-mode": "navigate" }, "navigation"],
    ["GET", { "sec-fetch-mode": "cors", accept: HTML }, "other"],
    ["GET", { "sec-fetch-mode": "websocket", upgrade: "websocket" }, "other"],
    ["GET", { "sec-fetch-mode": "same-origin", "sec-fetch-dest": "serviceworker" }, "service-worker"],
    ["GET", { "service-worker": "script" }, "service-worker"],
    ["GET", { accept: HTML }, "navigation"],
    ["POST", { accept: HTML }, "navigation"],
    ["PUT", { accept: HTML }, "other"],
    ["GET", { accept: HTML, "x-requested-with": "XMLHttpRequest" }, "other"],
    ["GET", { accept: "*/*" }, "other"],
    ["GET", {}, "other"],
  ] as const)("%s %j is %s", (method, headers, want) => {
    expect(fetchKind(method, headers)).toBe(want);
  });
});
