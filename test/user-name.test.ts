import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  escapeSegment,
  parseAccountName,
  parseLogin,
  parseServerName,
  parseUserName,
  parseUserSegment,
} from "../src/user-name.ts";

interface Vector {
  readonly login: string;
  readonly hubName: string;
  readonly escaped: string;
  readonly valid: boolean;
}

const VECTORS = JSON.parse(
  readFileSync(new URL("./support/user-names.json", import.meta.url), "utf8"),
) as Vector[];

/** Valid for JupyterHub, refused here: control characters, and names that decode to a path. */
const STRICTER = new Set(["a\tb", "a\nb", "a%2fb", "%2f"]);

describe("names, as JupyterHub has them", () => {
  it.each(VECTORS)("normalises and escapes $login", ({ login, hubName, escaped }) => {
    expect(login.toLowerCase()).toBe(hubName);
    expect(escapeSegment(hubName)).toBe(escaped);
  });

  it.each(VECTORS)("accepts or refuses $login", ({ login, hubName, valid }) => {
    const accepted = valid && !STRICTER.has(hubName);
    expect(parseUserName(hubName)).toBe(accepted ? hubName : undefined);
    expect(parseLogin(login)).toBe(accepted ? hubName : undefined);
  });

  it("refuses the one name that parsers leave out of an object: its server would run unseen", () => {
    expect(parseServerName("__proto__")).toBeUndefined();
    expect(parseUserName("__proto__")).toBeUndefined();
    expect(parseServerName("constructor")).toBe("constructor");
  });

  it("keeps the case a hub says, and lowers what a person typed", () => {
    expect(parseUserName("Alice")).toBe("Alice");
    expect(parseLogin("Alice")).toBe("alice");
  });

  it.each([
    undefined,
    null,
    1,
    {},
    ["alice"],
    "x".repeat(256),
    "a\u0000",
    "a\u0085b",
    "\ud800",
    "\u2028a\u2028b",
  ])("refuses %j", (text) => {
    expect(parseUserName(text)).toBeUndefined();
    expect(parseServerName(text)).toBeUndefined();
  });

  it("takes the empty server name for the default server, and no empty user", () => {
    expect(parseServerName("")).toBe("");
    expect(parseUserName("")).toBeUndefined();
  });
});

describe("segments", () => {
  it.each(["a%2Fb", "%2e%2e", "..", "%", "%zz", "%C3", "%00", "a/b", "", "a%252fb", "%252e%252e"])(
    "refuses %s",
    (segment) => {
      expect(parseUserSegment(segment)).toBeUndefined();
    },
  );

  it("bring every name back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const user = parseUserName(text);
        if (user === undefined) return;
        expect(parseUserSegment(escapeSegment(user))).toBe(user);
      }),
      { numRuns: 2000 },
    );
  });

  it("are never a path, a query, nor anything a URL parser would change", () => {
    const weird = fc.stringMatching(/^[a-c./\\%25eEfF@~?#;: -]{1,12}$/);
    fc.assert(
      fc.property(fc.oneof(weird, fc.string({ unit: "binary" })), (text) => {
        const user = parseUserName(text);
        if (user === undefined) return;
        const segment = escapeSegment(user);
        expect(segment).toMatch(/^(?:[A-Za-z0-9_.~@-]|%[0-9A-F]{2})+$/);
        const path = `/user/${segment}/lab`;
        expect(new URL(path, "http://host").pathname).toBe(path);
        const twice = decodeURIComponent(segment);
        expect(twice.split("/")).toHaveLength(1);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("parseAccountName", () => {
  it.each(["alice", "a", "3start", "first.last", "under_score", "carol-01", "alice@example.org", "Alice"])(
    "accepts %s",
    (name) => {
      expect(parseAccountName(name)).toBe(name);
    },
  );

  it.each([
    "",
    "0",
    "2001",
    "-rf",
    "+",
    ".hidden",
    "a b",
    "$(id)",
    "a;b",
    "a/b",
    "a:b",
    "käthe",
    "a\nb",
    7,
    null,
  ])("refuses %j", (name) => {
    expect(parseAccountName(name)).toBeUndefined();
  });
});
