import { describe, expect, it } from "@jest/globals";
import type { UserName } from "../../../../src/model.ts";
import { admit } from "../../../../src/router/proxy/decide/admission.ts";
import { parseNodePath } from "../../../../src/router/proxy/decide/node-path.ts";
import type { SessionLookup } from "../../../../src/router/sign-in/decide/session.ts";
import { standInFor, type StandIn } from "../../../../src/router/proxy/decide/stand-in.ts";

function signedIn(user: string): SessionLookup {
  const session = {
    id: "s",
    user: user as UserName,
    groups: [],
    isAdmin: false,
    nodes: [],
    startedAtMs: 0,
    expiresAtMs: 1,
  };
  return { kind: "session", session, renewal: [] };
}
const ALICE = signedIn("alice");
const NOBODY: SessionLookup = { kind: "none" };

interface Answer {
  readonly status: number;
  readonly headers?: readonly string[];
}

function at(target: string, { status, headers = [] }: Answer, more = {}): StandIn | undefined {
  const parsed = parseNodePath(target);
  if (!parsed.ok) throw new Error(parsed.reason);
  const passage = {
    path: parsed.path,
    target,
    lookup: ALICE,
    fetch: "navigation" as const,
    method: "GET",
    ...more,
  };
  return standInFor(passage, status, headers);
}

describe("a hub's word that the server does not run", () => {
  it("becomes the lasting link, for the owner's navigations", () => {
    const want = { kind: "redirect", location: "/user/alice/lab/tree/x?y=1" };
    expect(at("/n/node1/hub/user/alice/lab/tree/x?y=1", { status: 424 })).toEqual(want);
    expect(at("/n/node1/hub/user/alice/", { status: 503 })).toEqual({
      kind: "redirect",
      location: "/user/alice/",
    });
  });

  it.each([
    ["another status", { status: 200 }, {}],
    ["another visitor", { status: 424 }, { lookup: signedIn("bob") }],
    ["nobody", { status: 424 }, { lookup: NOBODY }],
    ["a program", { status: 424 }, { fetch: "other" }],
    ["a form", { status: 424 }, { method: "POST" }],
  ])("is passed on to %s", (_name, answer, more) => {
    expect(at("/n/node1/hub/user/alice/lab", answer, more)).toBeUndefined();
  });
});

describe("an answer in the place of the server", () => {
  const away = { status: 302, headers: ["location", "/n/node1/hub/user/alice/lab"] };

  it("from the hub means that the node does not have it", () => {
    expect(at("/n/node1/user/alice/lab", away)).toEqual({ kind: "absent" });
    expect(at("/n/node1/user/alice/api", away, { fetch: "other", method: "PUT" })).toEqual({
      kind: "absent",
    });
    expect(at("/n/node1/user/alice/lab", away, { lookup: NOBODY })).toBeUndefined();
    expect(
      at("/n/node1/user/alice/lab", { status: 302, headers: ["Location", "/n/node1/user/alice/lab/"] }),
    ).toBeUndefined();
  });

  it("from configurable-http-proxy itself means that it has just ended", () => {
    const bare = { status: 503, headers: ["content-type", "text/html", "Date", "x"] };
    expect(at("/n/node1/user/alice/lab", bare)).toMatchObject({
      kind: "answer",
      answer: { status: 503, code: "SERVER_GONE" },
    });
    expect(at("/n/node1/user/alice/api", bare, { fetch: "other" })).toBeUndefined();
    expect(
      at("/n/node1/user/alice/lab", { status: 503, headers: ["Server", "TornadoServer/6"] }),
    ).toBeUndefined();
  });
});

describe("admit, for a node that is not known", () => {
  const incoming = {
    method: "GET",
    target: "/n/old/user/alice/lab",
    headers: { accept: "text/html" },
    rawHeaders: ["Host", "h"],
  };

  it("leads an owner's bookmark to where the server is now", () => {
    const admission = admit({ ...incoming, lookup: ALICE }, { isKnown: () => false });
    expect(admission).toEqual({ kind: "redirect", location: "/user/alice/lab" });
  });

  it("says 404 to everything else", () => {
    const refused = { kind: "refuse", answer: { status: 404, code: "NODE_UNKNOWN" } };
    expect(admit({ ...incoming, lookup: ALICE, headers: {} }, { isKnown: () => false })).toMatchObject(
      refused,
    );
    expect(
      admit({ ...incoming, lookup: ALICE, target: "/n/old/hub/login" }, { isKnown: () => false }),
    ).toMatchObject(refused);
  });
});
