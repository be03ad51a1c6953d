import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { UserName } from "../../../../src/model.ts";
import {
  parseStartEvent,
  parseToken,
  parseUser,
  parseUserPage,
  parseVisitor,
  plain,
  readRefusal,
  readStart,
  wordsOf,
} from "../../../../src/nodes/hubs/decide/hub-answers.ts";

const ALICE = "alice" as UserName;

function server(over: object = {}) {
  const times = { started: "2026-01-01T00:00:00Z", last_activity: "2026-01-01T00:01:00Z" };
  return { name: "", ready: true, pending: null, stopped: false, url: "/x", ...times, ...over };
}

function page(items: unknown[], next: unknown = null): string {
  return JSON.stringify({ items, _pagination: { offset: 0, limit: 50, total: items.length, next } });
}

describe("parseUserPage", () => {
  it("lists active servers by user and name", () => {
    const parsed = parseUserPage(
      page([
        { name: "alice", servers: { "": server(), big: server({ ready: false, pending: "spawn" }) } },
        {
          name: "bob",
          servers: { "": server({ ready: false, pending: "check" }), old: server({ stopped: true }) },
        },
        { name: "carol" },
      ]),
    );
    expect(parsed?.servers).toMatchObject([
      { key: { user: "alice", server: "" }, ready: true },
      { key: { user: "alice", server: "big" }, ready: false, pending: "spawn" },
      { key: { user: "bob", server: "" }, ready: false },
    ]);
    expect(parsed?.servers[2]).not.toHaveProperty("pending");
  });

  it("leaves out names that are nobody's, and keeps the others", () => {
    const parsed = parseUserPage(
      page([
        { name: "../root", servers: { "": server() } },
        { name: "alice", servers: { "a/b": server(), "": server() } },
      ]),
    );
    expect(parsed?.servers.map(({ key }) => key)).toEqual([{ user: "alice", server: "" }]);
  });

  it("says where the next page starts", () => {
    expect(parseUserPage(page([], { offset: 50, limit: 50, url: "http://elsewhere/" }))).toMatchObject({
      next: 50,
    });
  });

  it.each(["", "null", "[]", "{}", '{"items":[]}', page([{ name: 1 }]), page([{ name: "a", servers: [] }])])(
    "does not understand %s",
    (text) => {
      expect(parseUserPage(text)).toBeUndefined();
    },
  );
});

describe("parseUser", () => {
  it("wants the servers of whom it asked for", () => {
    const text = JSON.stringify({ name: "alice", servers: { "": server() } });
    expect(parseUser(text, ALICE)).toHaveLength(1);
    expect(parseUser(text, "bob" as UserName)).toBeUndefined();
    expect(parseUser(JSON.stringify({ name: "alice" }), ALICE)).toBeUndefined();
  });
});

describe("readStart", () => {
  function words(message: string): string {
    return JSON.stringify({ status: 400, message });
  }
  it.each([
    [201, "", "accepted"],
    [202, "", "accepted"],
    [400, words("alice is already running"), "accepted"],
    [400, words("alice is pending check"), "accepted"],
    [400, words("alice: is pending stop"), "stopping"],
    [400, words("Named servers are not enabled."), "failed"],
    [404, words("Not Found"), "unknown-user"],
    [404, "<html>", "failed"],
    [403, words("Missing or invalid credentials."), "refused"],
    [429, words("Too many users"), "failed"],
    [500, words("error"), "broken"],
    [503, "<html>", "failed"],
  ])("takes %d %s for %s", (status, text, verdict) => {
    expect(readStart({ status, text })).toBe(verdict);
  });
});

describe("parseStartEvent", () => {
  it.each([
    [
      { progress: 10, message: "Spawning\u0000 <b>\n x" },
      { kind: "progress", text: "Spawning <b> x", isQueued: false },
    ],
    [
      { message: "Job 7 waits", queued: true },
      { kind: "progress", text: "Job 7 waits", isQueued: true },
    ],
    [{ progress: 100, ready: true, url: "http://evil/" }, { kind: "ready" }],
    [
      { failed: true, message: "Spawn failed: quota" },
      { kind: "failed", text: "Spawn failed: quota" },
    ],
    [{ progress: 3 }, undefined],
    [{ ready: "yes" }, undefined],
  ])("reads %j", (event, want) => {
    expect(parseStartEvent(JSON.stringify(event))).toEqual(want);
  });
});

describe("parseVisitor", () => {
  it("reads an identity", () => {
    const text = JSON.stringify({
      kind: "user",
      name: "carol",
      admin: true,
      groups: ["lab"],
      token_id: "a7",
    });
    expect(parseVisitor(text)).toEqual({ user: "carol", isAdmin: true, groups: ["lab"], tokenId: "a7" });
  });
  it.each([{ kind: "service", name: "carol" }, { kind: "user", name: "a/b" }, { kind: "user" }])(
    "knows nobody in %j",
    (model) => {
      expect(parseVisitor(JSON.stringify(model))).toBeUndefined();
    },
  );
});

it("makes one short line of any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 1000 }), (text) => {
      expect(plain(text)).not.toMatch(/[\n\r\t\p{Cc}]/u);
      expect(plain(text).length).toBeLessThanOrEqual(400);
    }),
  );
});

it("never throws, whatever a hub says", () => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((items) => page([items])),
  );
  fc.assert(
    fc.property(anything, fc.nat(600), (text, status) => {
      parseUserPage(text);
      parseUser(text, ALICE);
      parseStartEvent(text);
      parseToken(text);
      parseVisitor(text);
      wordsOf(text);
      readStart({ status, text });
    }),
  );
});

describe("readRefusal", () => {
  it.each([
    [
      "Spawn failed: CLAIMED_ELSEWHERE node2: a server of yours holds its place on node2",
      { code: "CLAIMED_ELSEWHERE", holder: "node2", words: "a server of yours holds its place on node2" },
    ],
    ["CLAIMED_ELSEWHERE ../etc: x", { code: "CLAIMED_ELSEWHERE", words: "x" }],
    [
      "Spawn failed: START_NOT_PERMITTED: servers are started from the entrance",
      { code: "START_NOT_PERMITTED", words: "servers are started from the entrance" },
    ],
    ["HOME_UNREACHABLE: no answer", { code: "HOME_UNREACHABLE", words: "no answer" }],
    ["Spawn failed: out of memory", undefined],
    ["UNCLAIMED_ELSEWHERE node2: x", undefined],
    ["", undefined],
  ])("of %j", (text, expected) => {
    expect(readRefusal(text)).toEqual(expected);
  });
});
