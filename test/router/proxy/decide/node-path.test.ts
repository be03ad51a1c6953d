import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseNodePath } from "../../../../src/router/proxy/decide/node-path.ts";

describe("parseNodePath", () => {
  it.each([
    ["/n/node1/user/alice/lab", { area: "user", user: "alice", rest: "/lab", search: "" }],
    ["/n/node1/user/alice", { area: "user", user: "alice", rest: "" }],
    ["/n/node1/user/alice/", { area: "user", user: "alice", rest: "/" }],
    ["/n/node1/user/a%20b/x?y=/../z", { area: "user", user: "a b", rest: "/x", search: "?y=/../z" }],
    ["/n/node1/user/alice@uni.org/x", { area: "user", user: "alice@uni.org" }],
    [
      "/n/node1/user/alice/api/contents/a%2Fb%23.ipynb",
      { area: "user", rest: "/api/contents/a%2Fb%23.ipynb" },
    ],
    ["/n/node1/user/alice/proxy/80//x", { area: "user", user: "alice", rest: "/proxy/80//x" }],
    ["/n/node1/user/alice/%252e%252e/carol", { area: "user", user: "alice" }],
    ["/n/node1/user/lab%5Calice/", { area: "user", user: "lab\\alice" }],
    ["/n/node1/user", { area: "other", rest: "/user" }],
    ["/n/node1/user/", { area: "other" }],
    ["/n/node1", { area: "other", rest: "" }],
    ["/n/node1/", { area: "other", rest: "/" }],
    ["/n/node1/services/x/", { area: "other", rest: "/services/x/" }],
    ["/n/node1/hub", { area: "hub", rest: "" }],
    ["/n/node1/hub/login?next=%2F", { area: "hub", rest: "/login", search: "?next=%2F" }],
    ["/n/n.lab-1/hub/", { area: "hub", node: "n.lab-1", rest: "/" }],
  ])("reads %s", (target, want) => {
    expect(parseNodePath(target)).toMatchObject({ ok: true, path: want });
  });

  it.each([
    "/n/node1/user/alice/../carol/",
    "/n/node1/user/alice/..",
    "/n/node1/user/alice/%2e%2e/carol/",
    "/n/node1/user/alice/.%2E/carol/",
    "/n/node1/user/alice/..%2fcarol/",
    "/n/node1/user/alice/%2e%2e%2fcarol/",
    "/n/node1/user/alice/..%5ccarol/",
    "/n/node1/./user/carol/",
    "/n/node1//user/carol/",
    "/n//node1/user/carol/",
    "//n/node1/user/carol/",
    "/n/node1/user//carol/",
    "/n/node1/user/alice\\..\\carol/",
    "/n/node1/user/alice%2fx/",
    "/n/node1/user/alice%00/",
    "/n/node1/user/alice/%00",
    "/n/node1/user/alice%0a/",
    "/n/node1/user/%/",
    "/n/node1/user/%e9/",
    "/n/node1/user/alice/%zz",
    "/n/node1/us%65r/carol/",
    "/n/node1/%68ub/x",
    "/n/nod%651/user/carol/",
    "/n/NODE1/user/carol/",
    "/n/../user/carol/",
    "/n/node1/user/alice/#/",
    "/n/node1/user/alice/?#x",
    "/n/node1/user/alice/ x",
    "/n/node1/user/alice/\u00e9",
    "http://router/n/node1/user/alice/",
    "n/node1/user/alice/",
    "/n",
    "/n/",
    "*",
    "",
  ])("refuses %j", (target) => {
    expect(parseNodePath(target)).toMatchObject({ ok: false });
  });

  it("sees what configurable-http-proxy's routing sees", () => {
    fc.assert(
      fc.property(target, (text) => {
        const parsed = parseNodePath(text);
        if (!parsed.ok) return;
        const segments = asChpRoutes(text);
        const { path } = parsed;
        expect(segments?.slice(0, 2)).toEqual(["n", path.node]);
        const isUsers = segments?.[2] === "user" && segments.length > 3;
        expect(path.area === "user" ? path.user : undefined).toBe(isUsers ? segments[3] : undefined);
        expect(path.area === "hub").toBe(segments?.[2] === "hub");
      }),
      { numRuns: 1500 },
    );
  });

  it("sees what a server sees that merges slashes and resolves dots after decoding, as nginx does", () => {
    fc.assert(
      fc.property(target, (text) => {
        const parsed = parseNodePath(text);
        if (!parsed.ok || parsed.path.area !== "user") return;
        expect(asNginxReads(text).slice(0, 4)).toEqual(["n", parsed.path.node, "user", parsed.path.user]);
      }),
      { numRuns: 1500 },
    );
  });
});

/** Targets out of the pieces that path confusion is made of. */
const piece = fc.constantFrom(
  ...[
    "n",
    "node1",
    "user",
    "hub",
    "alice",
    "carol",
    "/",
    "/",
    "/",
    "//",
    "\\",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5C",
  ],
  ...[
    "%25",
    "%252f",
    "%61lice",
    "%00",
    "%0a",
    "%",
    "%e9",
    "%c3%a9",
    "?",
    "#",
    ";",
    ":",
    "@",
    "http://x",
    "\t",
    "é",
    "~",
  ],
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/n/node1/user/${pieces.join("")}`),
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/n/node1/${pieces.join("")}`),
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/n/${pieces.join("")}`),
  fc.webUrl().map((url) => `/n/node1/user/alice/${url}`),
);

/** `targetForReq` and `stringToPath` of configurable-http-proxy 5. */
function asChpRoutes(text: string): string[] | undefined {
  const path = decodeURIComponent(new URL(text, "http://example.com").pathname);
  return path.replace(/^[/]+|[/]+$/g, "").split("/");
}

function asNginxReads(text: string): string[] {
  const decoded = decodeURIComponent(text.replace(/[?#].*$/s, ""));
  const kept: string[] = [];
  for (const segment of decoded.split(/\/+/)) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  return kept;
}
