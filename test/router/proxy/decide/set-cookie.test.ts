import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { confineCookie } from "../../../../src/router/proxy/decide/set-cookie.ts";
import { browserCookie, pathMatches } from "../../../support/browser-cookies.ts";

const ROOT = "/n/node1/user/alice/";

describe("confineCookie", () => {
  it.each([
    ["a=1; Path=/n/node1/user/alice/", "a=1; Path=/n/node1/user/alice/"],
    ["a=1; Path=/n/node1/user/alice", "a=1; Path=/n/node1/user/alice"],
    ["a=1; Path=/n/node1/user/alice/proxy/80; HttpOnly", "a=1; HttpOnly; Path=/n/node1/user/alice/proxy/80"],
    [
      "_xsrf=2|x; Path=/; Max-Age=5; SameSite=Lax; Secure",
      `_xsrf=2|x; Max-Age=5; SameSite=Lax; Secure; Path=${ROOT}`,
    ],
    ["a=1; path=/n/node1/user/alicex/", `a=1; Path=${ROOT}`],
    ["a=1; Path=/n/node1/hub/", `a=1; Path=${ROOT}`],
    ["a=1; Path=/n/node1/user/alice/; Path=/", `a=1; Path=${ROOT}`],
    ["a=1; Path=/; Path=/n/node1/user/alice/x", "a=1; Path=/n/node1/user/alice/x"],
    ["a=1; Path", "a=1; Path=/n/node1/user/alice/api"],
    ["a=1; Path=relative", "a=1; Path=/n/node1/user/alice/api"],
    ["a=1", "a=1; Path=/n/node1/user/alice/api"],
    ["a=1; Domain=lab.example.org; Path=/", `a=1; Path=${ROOT}`],
    [
      "a=1; dOmAiN = example.org; EXPIRES=Thu, 01 Jan 1970 00:00:00 GMT",
      "a=1; EXPIRES=Thu, 01 Jan 1970 00:00:00 GMT; Path=/n/node1/user/alice/api",
    ],
    [" a = b=c ; x", "a=b=c; Path=/n/node1/user/alice/api"],
  ])("confines %j", (text, want) => {
    expect(confineCookie(text, ROOT, "/n/node1/user/alice/api/kernels")).toBe(want);
  });

  it("computes the default path, which may be wider than the server's place", () => {
    expect(confineCookie("a=1", ROOT, "/n/node1/user/alice")).toBe(`a=1; Path=${ROOT}`);
  });

  it.each([
    "multijhub-session=x; Path=/",
    "MULTIJHUB-Session=x",
    "__Host-multijhub-session=x; Path=/; Secure",
    "__Secure-multijhub-nonce=x; Secure",
    "__secure-Multijhub-bind=x",
    " \tmultijhub-session \t=x",
    "\u00a0multijhub-session=x",
    "multijhub-anything=x",
    "__Host-a=1; Secure; Path=/",
    "__hOsT-a=1",
    "=multijhub-session=x",
    "multijhub-session",
    "no-equals-sign",
    "=x",
    "a b=1",
    "a=1\u0000; Path=/",
    "a=1\u007f",
    "",
    ";",
  ])("drops %j", (text) => {
    expect(confineCookie(text, ROOT, ROOT)).toBeUndefined();
  });

  it("leaves nothing that a browser keeps outside, or under a name of ours, whatever the text", () => {
    fc.assert(
      fc.property(cookieText, requestPath, (text, path) => {
        const written = confineCookie(text, ROOT, path);
        if (written === undefined) return;
        const cookie = browserCookie(written, { host: "lab.example.org", path });
        if (cookie === undefined) return;
        expect(cookie.isHostOnly).toBe(true);
        expect(cookie.name).not.toMatch(/multijhub-|^__host/i);
        for (const other of OUTSIDE) expect(pathMatches(other, cookie.path)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("confines a cookie once and for all", () => {
    fc.assert(
      fc.property(cookieText, requestPath, (text, path) => {
        const once = confineCookie(text, ROOT, path);
        if (once !== undefined)
          expect(browserCookie(confineCookie(once, ROOT, path) ?? "", { host: "h", path })).toEqual(
            browserCookie(once, { host: "h", path }),
          );
      }),
    );
  });
});

const OUTSIDE = [
  "/",
  "/home",
  "/n/node1/",
  "/n/node1/hub/",
  "/n/node1/user/",
  "/n/node1/user/alicex/",
  "/n/node1/user/bob/",
  "/n/node2/user/alice/",
];

const word = fc.constantFrom(
  ...[
    "a",
    "multijhub-session",
    "__Host-",
    "__Secure-",
    "MULTIJHUB-x",
    "=",
    "=",
    ";",
    ";",
    "; ",
    " ",
    "\t",
    ",",
    '"',
    "\\",
  ],
  ...[
    "Path",
    "path=/",
    "PATH =",
    "Path=/n/node1/user/alice/",
    "Path=/n/node1/user/alice/../",
    "/",
    "Domain=",
    "example.org",
  ],
  ...[
    "Secure",
    "HttpOnly",
    "Max-Age=1",
    "Expires=x",
    "\u0000",
    "\r",
    "\n",
    "\u00a0",
    "é",
    "%2d",
    "/n/node1/user/alice",
  ],
);
const cookieText = fc.oneof(
  fc.array(word, { maxLength: 14 }).map((words) => words.join("")),
  fc.array(word, { maxLength: 10 }).map((words) => `a=1;${words.join("")}`),
  fc.string(),
);
const requestPath = fc.constantFrom(
  "/n/node1/user/alice",
  ROOT,
  `${ROOT}api/x`,
  `${ROOT}/`,
  "/n/node1/user/%61lice/x",
);
