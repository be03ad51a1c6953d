import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, UserName } from "../../../../src/model.ts";
import { expireOwn, findCookie, setCookie } from "../../../../src/router/sign-in/decide/cookies.ts";
import {
  expiry,
  fromClaims,
  needsRenewal,
  toClaims,
  withNode,
  type Session,
} from "../../../../src/router/sign-in/decide/session.ts";
import { expireHubCookies } from "../../../../src/router/sign-in/decide/sign-in.ts";
import { createPathUrls } from "../../../../src/router/web/decide/urls.ts";

const NOBODY = { adminUsers: [], adminGroups: [] };
const node = fc.stringMatching(/^[a-z0-9]{1,10}$/).map((text) => text as NodeId);
const time = fc.integer({ min: 0, max: 4e12 });
const session: fc.Arbitrary<Session> = fc.record(
  {
    id: fc.string({ minLength: 16 }),
    user: fc.string({ minLength: 1, unit: "grapheme" }).map((text) => text as UserName),
    groups: fc.array(fc.string()),
    areGroupsCut: fc.constant(true as const),
    isAdmin: fc.boolean(),
    lobby: node,
    nodes: fc.uniqueArray(node),
    startedAtMs: time,
    expiresAtMs: time,
  },
  { requiredKeys: ["id", "user", "groups", "isAdmin", "nodes", "startedAtMs", "expiresAtMs"] },
);
const lifetime = fc
  .record({ idleMs: fc.integer({ min: 2, max: 1e8 }), totalMs: fc.integer({ min: 2, max: 1e9 }) })
  .filter(({ idleMs, totalMs }) => idleMs <= totalMs);

describe("a session in claims", () => {
  it("comes back as it was, through JSON", () => {
    fc.assert(
      fc.property(session, (wanted) => {
        const claims: unknown = JSON.parse(JSON.stringify(toClaims(wanted, wanted.isAdmin)));
        expect(fromClaims(claims, NOBODY)).toEqual(wanted);
      }),
    );
  });

  it("is nothing out of other claims", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (claims) => {
        expect(fromClaims(claims, NOBODY)).toBeUndefined();
      }),
    );
  });

  it("has each hub once, the newest last", () => {
    fc.assert(
      fc.property(session, node, (before, visited) => {
        const { nodes } = withNode(before, visited);
        expect(nodes.at(-1)).toBe(visited);
        expect(new Set(nodes).size).toBe(nodes.length);
        expect(nodes.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe("the life of a session", () => {
  it("never passes its end, and a renewal never shortens it", () => {
    fc.assert(
      fc.property(session, lifetime, fc.integer({ min: 0, max: 1e9 }), (before, life, laterMs) => {
        const start = before.startedAtMs;
        const begun = { ...before, expiresAtMs: expiry(start, start, life) };
        const now = start + laterMs;
        expect(begun.expiresAtMs).toBeLessThanOrEqual(start + life.totalMs);
        expect(expiry(start, now, life)).toBeLessThanOrEqual(start + life.totalMs);
        if (!needsRenewal(begun, now, life)) return;
        expect(expiry(start, now, life)).toBeGreaterThan(begun.expiresAtMs);
        expect(laterMs).toBeGreaterThan(life.idleMs / 2);
      }),
    );
  });
});

describe("our cookie among others", () => {
  const junk = fc.array(
    fc.oneof(
      fc.string().filter((text) => !/[;,]|multijhub/i.test(text)),
      fc.constantFrom(
        "a=b",
        "multijhub-bind=x",
        "multijhub-sessions=x",
        "xmultijhub-session=y",
        '"',
        "==",
        "=",
      ),
    ),
    { maxLength: 6 },
  );

  it("is found once wherever it stands, and refused when it stands there twice", () => {
    fc.assert(
      fc.property(junk, junk, fc.boolean(), (before, after, isSecure) => {
        const own = setCookie("session", "a.b.c", { isSecure, maxAgeMs: 1000 }).split(";")[0] ?? "";
        const once = ["Host", "h", "COOKIE", [...before, own, ...after].join("; ")];
        expect(findCookie(once, "session", isSecure)).toEqual({ kind: "value", value: "a.b.c" });
        const twice = [...once, "cookie", [...after, own, ...before].join(";")];
        expect(findCookie(twice, "session", isSecure)).toEqual({ kind: "ambiguous" });
        const none = ["Cookie", [...before, ...after].join("; ")];
        expect(findCookie(none, "session", isSecure)).toEqual({ kind: "none" });
      }),
    );
  });

  it("is taken out under both names", () => {
    expect(expireOwn("session", true)).toEqual([
      "__Host-multijhub-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
      "multijhub-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });
});

describe("cookies of hubs", () => {
  it("are taken out by the names and paths JupyterHub gives them", () => {
    const cookies = expireHubCookies("a@b c(é)" as UserName, ["node1" as NodeId], createPathUrls());
    expect(cookies).toEqual([
      "jupyterhub-user-a%40b%20c%28%C3%A9%29=; Max-Age=0; Path=/n/node1/user/a@b%20c%28%C3%A9%29/; HttpOnly",
      "_xsrf=; Max-Age=0; Path=/n/node1/user/a@b%20c%28%C3%A9%29/; HttpOnly",
      "jupyterhub-session-id=; Max-Age=0; Path=/n/node1/; HttpOnly",
      "jupyterhub-hub-login=; Max-Age=0; Path=/n/node1/hub/; HttpOnly",
      "_xsrf=; Max-Age=0; Path=/n/node1/hub/; HttpOnly",
      "multijhub-nonce=; Max-Age=0; Path=/n/node1/hub/router_login; HttpOnly",
    ]);
  });
});
