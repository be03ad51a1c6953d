import { describe, expect, it } from "@jest/globals";
import { SignJWT, UnsecuredJWT } from "jose";
import fc from "fast-check";
import type { NodeId, UserName } from "../../../src/model.ts";
import { deriveKey, type Keys } from "../../../src/router/sign-in/decide/keys.ts";
import type { SessionLookup } from "../../../src/router/sign-in/decide/session.ts";
import type { Revocation } from "../../../src/router/sign-in/decide/revocation.ts";
import { createRevocations } from "../../../src/router/sign-in/revocations.ts";
import { createSessions } from "../../../src/router/sign-in/sessions.ts";
import { requestWith, withCookies } from "../../support/cookie-header.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeRandom } from "../../support/fake-random.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;
const alice = "alice" as UserName;
const node1 = "node1" as NodeId;
const node2 = "node2" as NodeId;
const OLD_KEY = new Uint8Array(32).fill(1);
const NEW_KEY = new Uint8Array(32).fill(2);

interface Setup {
  readonly masterKeys?: readonly Uint8Array[];
  readonly isSecure?: boolean;
  readonly adminUsers?: readonly string[];
  readonly adminGroups?: readonly string[];
}

function setUp({ masterKeys = [OLD_KEY], isSecure = false, adminUsers = [], adminGroups = [] }: Setup = {}) {
  const clock = createFakeClock(START);
  const store = createMemoryStore(clock);
  const log = createMemoryLog();
  const random = createFakeRandom();
  const journal: Revocation[] = [];

  /** Another router with the same keys and store. */
  function router(
    keys: readonly Uint8Array[] | Keys = masterKeys,
    admins = { adminUsers, adminGroups },
    known: readonly Revocation[] = [],
    shared = store,
  ) {
    function append(entry: Revocation): Promise<void> {
      journal.push(entry);
      return Promise.resolve();
    }
    const revocations = createRevocations(
      { clock, store: shared, log, journal: { append } },
      { totalMs: 8 * HOUR, known },
    );
    return createSessions(
      { clock, random, store, log, revocations },
      { masterKeys: typeof keys === "function" ? keys : () => keys, isSecure, ...admins },
    );
  }
  return { clock, store, log, journal, router, sessions: router() };
}

function sessionIn(lookup: SessionLookup) {
  if (lookup.kind !== "session") throw new Error(`no session: ${lookup.kind}`);
  return lookup.session;
}

describe("a session", () => {
  it("is what its cookie says", async () => {
    const { sessions } = setUp({ adminGroups: ["staff"] });
    const { cookies } = await sessions.begin({ user: alice, groups: ["staff"] }, node1);
    expect(cookies).toEqual([
      expect.stringMatching(/^multijhub-session=[\w.-]+; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const lookup = await sessions.read(withCookies(cookies));
    expect(lookup).toMatchObject({
      kind: "session",
      renewal: [],
      session: { user: "alice", groups: ["staff"], isAdmin: true, lobby: "node1", nodes: ["node1"] },
    });
  });

  it("has the __Host- name and Secure under TLS", async () => {
    const { sessions } = setUp({ isSecure: true });
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    expect(cookies[0]).toMatch(/^__Host-multijhub-session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(await sessions.read(withCookies(cookies))).toMatchObject({ kind: "session" });
    const plain = cookies.map((text) => text.replace("__Host-", ""));
    expect(await sessions.read(withCookies(plain))).toEqual({ kind: "none" });
  });

  it("ends after 15 minutes without use", async () => {
    const { sessions, clock } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    await clock.advance(15 * MINUTE - 1);
    expect(await sessions.read(withCookies(cookies))).toMatchObject({ kind: "session" });
    await clock.advance(1);
    expect(await sessions.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("is renewed on use, not on each use, up to 8 hours from sign-in", async () => {
    const { sessions, clock } = setUp();
    let { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const renewedAfter: number[] = [];
    for (let minute = 1; minute < 8 * 60; minute += 1) {
      await clock.advance(MINUTE);
      const lookup = await sessions.read(withCookies(cookies));
      expect(lookup.kind).toBe("session");
      if (lookup.kind === "session" && lookup.renewal.length > 0) {
        renewedAfter.push(minute);
        cookies = lookup.renewal;
      }
    }
    expect(renewedAfter.slice(0, 3)).toEqual([8, 16, 24]);
    await clock.advance(MINUTE);
    expect(await sessions.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("remembers hubs even when a later answer overwrites the cookie", async () => {
    const { sessions, router } = setUp();
    const { session, cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const wider = await sessions.addNode(session, node2);
    expect(wider.session.nodes).toEqual(["node1", "node2"]);
    const stale = sessionIn(await sessions.read(withCookies(cookies)));
    expect(await sessions.visited(stale)).toEqual(["node1", "node2"]);
    expect(await router().visited(stale)).toEqual(["node1", "node2"]);
  });

  it("takes from the store only what can be a node, and not without end", async () => {
    const { sessions, store, router } = setUp();
    const { session } = await sessions.begin({ user: alice, groups: [] }, node1);
    const planted = ["../x", "a;Domain=example.org", "b\r\nSet-Cookie:c=d", "node2"];
    const many = Array.from({ length: 5000 }, (_, i) => `n${i}`);
    await store.set(`visited/${session.id}`, [...planted, ...many].join(" "), HOUR);
    const visited = await router().visited(session);
    expect(visited).toContain("node2");
    expect(visited.filter((node) => !/^[a-z0-9]+$/.test(node))).toEqual([]);
    expect(visited.length).toBeLessThan(2000);
  });

  it("makes admins by configuration as it is now, and by lobby group", async () => {
    const { sessions, router } = setUp({ adminUsers: ["alice"] });
    const { cookies } = await sessions.begin({ user: alice, groups: ["staff"] }, node1);
    expect(sessionIn(await sessions.read(withCookies(cookies))).isAdmin).toBe(true);
    const demoted = router([OLD_KEY], { adminUsers: [], adminGroups: [] });
    expect(sessionIn(await demoted.read(withCookies(cookies))).isAdmin).toBe(false);
  });

  it("fits a cookie whatever the groups and however many hubs", async () => {
    const { sessions } = setUp({ isSecure: true });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 64, unit: "grapheme" }),
        fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 120 }),
        async (user, groups) => {
          let started = await sessions.begin({ user: user as UserName, groups }, node1);
          for (let i = 0; i < 24; i += 1) {
            const node = `${String(i).padStart(2, "0")}${"n".repeat(61)}` as NodeId;
            started = await sessions.addNode(started.session, node);
          }
          const { session } = started;
          expect((started.cookies[0]?.split(";")[0] ?? "").length).toBeLessThanOrEqual(4096);
          expect(session.areGroupsCut === true ? session.groups : groups).toEqual(session.groups);
          expect(session.nodes).toHaveLength(20);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("key rotation", () => {
  it("accepts the former key, signs with the newest, and forgets a key that is gone", async () => {
    const { sessions, router } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const rotated = router([NEW_KEY, OLD_KEY]);
    const session = sessionIn(await rotated.read(withCookies(cookies)));
    const reissued = await rotated.addNode(session, node1);
    const after = router([NEW_KEY]);
    expect(await after.read(withCookies(cookies))).toEqual({ kind: "none" });
    expect(await after.read(withCookies(reissued.cookies))).toMatchObject({ kind: "session" });
  });

  it("signs a session anew with the newest key when it is used, once", async () => {
    const { sessions, router } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const rotated = router([NEW_KEY, OLD_KEY]);
    const lookup = await rotated.read(withCookies(cookies));
    const renewal = lookup.kind === "session" ? lookup.renewal : [];
    expect(renewal).toHaveLength(1);
    expect(await rotated.read(withCookies(renewal))).toMatchObject({ kind: "session", renewal: [] });
    expect(await router([NEW_KEY]).read(withCookies(renewal))).toMatchObject({
      kind: "session",
      renewal: [],
    });
  });
});

it("takes up new keys while it runs, and trusts no cookie any more that only a former key vouches for", async () => {
  let keys = [OLD_KEY];
  const { router } = setUp();
  const sessions = router(() => keys);
  const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
  expect(await sessions.read(withCookies(cookies))).toMatchObject({ kind: "session" });
  keys = [NEW_KEY, OLD_KEY];
  const session = sessionIn(await sessions.read(withCookies(cookies)));
  const reissued = await sessions.addNode(session, node1);
  keys = [NEW_KEY];
  expect(await sessions.read(withCookies(cookies))).toEqual({ kind: "none" });
  expect(await sessions.read(withCookies(reissued.cookies))).toMatchObject({ kind: "session" });
});

describe("a forged session", () => {
  const key = deriveKey(OLD_KEY, "session");
  const claims = {
    sid: "x".repeat(24),
    sub: "alice",
    grp: [],
    adm: true,
    nds: [],
    beg: START,
    end: START + HOUR,
  };
  const expires = START / 1000 + 3600;

  it.each([
    ["rubbish", () => "rubbish"],
    ["an empty value", () => ""],
    ["alg none", () => new UnsecuredJWT(claims).setExpirationTime(expires).encode()],
    [
      "another key",
      () => new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "multijhub-session" }).sign(NEW_KEY),
    ],
    [
      "our state token instead of a session",
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", typ: "multijhub-state" })
          .setExpirationTime(expires)
          .sign(key),
    ],
    [
      "another algorithm with our key",
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS512", typ: "multijhub-session" })
          .setExpirationTime(expires)
          .sign(Buffer.concat([key, key])),
    ],
    [
      "no expiry",
      () => new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "multijhub-session" }).sign(key),
    ],
    [
      "claims of another shape",
      () =>
        new SignJWT({ sub: "alice" })
          .setProtectedHeader({ alg: "HS256", typ: "multijhub-session" })
          .setExpirationTime(expires)
          .sign(key),
    ],
  ])("is nobody's: %s", async (_, forge) => {
    const { sessions } = setUp();
    const value = await forge();
    expect(await sessions.read(requestWith({ cookie: `multijhub-session=${value}` }))).toEqual({
      kind: "none",
    });
  });

  it("is nobody's when any one character changes", async () => {
    const { sessions } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const value = (cookies[0] ?? "").split(";")[0] ?? "";
    const from = "multijhub-session=".length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: from, max: value.length - 2 }), async (at) => {
        const changed = value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
        expect(await sessions.read(requestWith({ cookie: changed }))).toEqual({ kind: "none" });
      }),
    );
  });
});

describe("a session cookie that comes twice", () => {
  it.each([
    ["plain", "multijhub-session=x"],
    ["quoted", 'multijhub-session="x"'],
    ["quoted name", '"multijhub-session"=x'],
    ["prefixed", "__Host-multijhub-session=x"],
    ["other prefix", "__Secure-multijhub-session=x"],
    ["other case", "Multijhub-Session=x"],
    ["empty", "multijhub-session="],
    ["no value", "multijhub-session"],
    ["inside a quoted value", 'theme="a; multijhub-session=x"'],
    ["after a comma", "theme=a,multijhub-session=x"],
  ])("is refused: %s", async (_, planted) => {
    for (const isSecure of [false, true]) {
      const { sessions } = setUp({ isSecure });
      const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
      expect(await sessions.read(withCookies(cookies, planted))).toMatchObject({ kind: "refused" });
      const [own = ""] = (cookies[0] ?? "").split(";");
      const twoHeaders = { headers: {}, rawHeaders: ["Cookie", planted, "cOOkie", own], remoteAddress: "" };
      expect(await sessions.read(twoHeaders)).toMatchObject({ kind: "refused" });
    }
  });

  it("is not seen in cookies of similar names", async () => {
    const { sessions } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    const others = [
      "jupyterhub-session-id=x",
      "my-multijhub-session=x",
      "multijhub-session-2=y",
      "_xsrf=a|b",
    ];
    expect(await sessions.read(withCookies(cookies, ...others))).toMatchObject({ kind: "session" });
  });
});

describe("a revoked session", () => {
  it("is nobody's at once, here and at other routers", async () => {
    const { sessions, router, clock } = setUp();
    const other = router();
    const { session, cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    expect(await other.read(withCookies(cookies))).toMatchObject({ kind: "session" });
    await sessions.revoke(session);
    expect(await sessions.read(withCookies(cookies))).toEqual({ kind: "none" });
    await clock.advance(0);
    expect(await other.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("is nobody's soon at a router that did not hear of it", async () => {
    const { sessions, router, store, clock } = setUp();
    const deaf = router([OLD_KEY], { adminUsers: [], adminGroups: [] }, [], {
      ...store,
      subscribe: () => () => undefined,
    });
    const { session, cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    expect(await deaf.read(withCookies(cookies))).toMatchObject({ kind: "session" });
    await sessions.revoke(session);
    await clock.advance(2000);
    expect(await deaf.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("is put back into a store that was emptied or away, never in place of a later one", async () => {
    const { sessions, router, store, clock } = setUp();
    const first = await sessions.begin({ user: alice, groups: [] }, node1);
    await sessions.revokeUser(alice);
    store.wipe();
    await clock.advance(1000);
    const latest = String(clock.now());
    await store.set("signed-out/alice", latest, HOUR);
    await store.refill();
    expect(await store.get("signed-out/alice")).toBe(latest);
    store.wipe();
    await store.refill();
    expect(await router().read(withCookies(first.cookies))).toEqual({ kind: "none" });
  });

  it("is not what anybody says on the channel: only words that parse, and no time to come", async () => {
    const { sessions, store, clock } = setUp();
    const words = ["", "{", "[]", '{"key":"revoked/"}', '{"key":"witness","atMs":1}', '{"atMs":"1"}'];
    for (const text of words) await store.publish("revocations", text);
    const future = clock.now() + 100 * HOUR;
    await store.publish("revocations", JSON.stringify({ key: "signed-out/alice", atMs: future }));
    await clock.advance(1000);
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    expect(await sessions.read(withCookies(cookies))).toMatchObject({ kind: "session" });
  });

  it("stays revoked here when the store is down or has forgotten", async () => {
    const { sessions, store, clock, log } = setUp();
    const first = await sessions.begin({ user: alice, groups: [] }, node1);
    const second = await sessions.begin({ user: alice, groups: [] }, node1);
    await sessions.revoke(first.session);
    store.wipe();
    await clock.advance(5000);
    expect(await sessions.read(withCookies(first.cookies))).toEqual({ kind: "none" });
    store.setDown(true);
    await clock.advance(5000);
    expect(await sessions.read(withCookies(first.cookies))).toEqual({ kind: "none" });
    expect(await sessions.read(withCookies(second.cookies))).toMatchObject({ kind: "session" });
    await clock.advance(5000);
    await sessions.read(withCookies(second.cookies));
    expect(log.lines.filter((line) => line.level === "warn")).toHaveLength(1);
  });

  it("can be revoked while the store is down", async () => {
    const { sessions, store } = setUp();
    const { session, cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    store.setDown(true);
    await sessions.revoke(session);
    expect(await sessions.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("stays revoked when the router and the store start afresh with the journal", async () => {
    const { sessions, store, journal, router } = setUp();
    const { session, cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    await sessions.revoke(session);
    store.wipe();
    const restarted = router([OLD_KEY], { adminUsers: [], adminGroups: [] }, journal);
    expect(await restarted.read(withCookies(cookies))).toEqual({ kind: "none" });
  });

  it("does not wait for a store that hangs", async () => {
    const { sessions, store, clock } = setUp();
    const { cookies } = await sessions.begin({ user: alice, groups: [] }, node1);
    await sessions.read(withCookies(cookies));
    await clock.advance(2000);
    store.get = () => new Promise(() => undefined);
    const reading = sessions.read(withCookies(cookies));
    await clock.advance(500);
    expect(await reading).toMatchObject({ kind: "session" });
  });

  it("by user: every session begun before, none begun later", async () => {
    const { sessions, clock } = setUp();
    const before = await sessions.begin({ user: alice, groups: [] }, node1);
    const bobs = await sessions.begin({ user: "bob" as UserName, groups: [] }, node1);
    await clock.advance(1);
    await sessions.revokeUser(alice);
    await clock.advance(1);
    const after = await sessions.begin({ user: alice, groups: [] }, node1);
    expect(await sessions.read(withCookies(before.cookies))).toEqual({ kind: "none" });
    expect(await sessions.read(withCookies(bobs.cookies))).toMatchObject({ kind: "session" });
    expect(await sessions.read(withCookies(after.cookies))).toMatchObject({ kind: "session" });
  });

  it("by a time far ahead: every session begun until it is read, none begun later", async () => {
    const { sessions, store, clock, router } = setUp();
    const before = await sessions.begin({ user: alice, groups: [] }, node1);
    await clock.advance(1);
    await store.set("signed-out/alice", String(START + 100 * 365 * 24 * HOUR), HOUR);
    expect(await sessions.read(withCookies(before.cookies))).toEqual({ kind: "none" });
    await clock.advance(1);
    const after = await sessions.begin({ user: alice, groups: [] }, node1);
    for (const reader of [sessions, router(), sessions]) {
      await clock.advance(2000);
      expect(await reader.read(withCookies(after.cookies))).toMatchObject({ kind: "session" });
      expect(await reader.read(withCookies(before.cookies))).toEqual({ kind: "none" });
    }
  });

  it("by a router whose clock is a little ahead: what that router began before", async () => {
    const { sessions, store, log, clock } = setUp();
    const behind = createRevocations({ clock: createFakeClock(START), store, log }, { totalMs: 8 * HOUR });
    await clock.advance(5000);
    const { session } = await sessions.begin({ user: alice, groups: [] }, node1);
    await clock.advance(1000);
    await sessions.revokeUser(alice);
    expect(await behind.isRevoked(session)).toBe(true);
  });
});
