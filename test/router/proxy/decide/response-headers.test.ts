import { describe, expect, it } from "@jest/globals";
import { parseNodePath } from "../../../../src/router/proxy/decide/node-path.ts";
import { toClientHeaders } from "../../../../src/router/proxy/decide/response-headers.ts";

function through(target: string, raw: readonly string[], ownCookies: readonly string[] = []): string[] {
  const parsed = parseNodePath(target);
  if (!parsed.ok) throw new Error(parsed.reason);
  return toClientHeaders(raw, { path: parsed.path, requestPath: target.replace(/\?.*$/, ""), ownCookies });
}

const USER = "/n/node1/user/alice/lab";
const HUB = "/n/node1/hub/login";

describe("toClientHeaders", () => {
  it("keeps what goes end to end, repeated headers and their spelling too", () => {
    const raw = [
      "content-TYPE",
      "text/html",
      "Link",
      "a",
      "Link",
      "b",
      "Content-Security-Policy",
      "x",
      "Refresh",
      "5",
    ];
    expect(through(USER, raw)).toEqual(raw);
  });

  it.each([
    ...[
      "Service-Worker-Allowed",
      "Clear-Site-Data",
      "Alt-Svc",
      "Strict-Transport-Security",
      "Public-Key-Pins",
    ],
    ...[
      "Public-Key-Pins-Report-Only",
      "Report-To",
      "NEL",
      "Accept-CH",
      "Critical-CH",
      "Set-Cookie2",
      "Set-Login",
    ],
    ...[
      "X-Accel-Redirect",
      "X-Accel-Expires",
      "X-Sendfile",
      "X-Multijhub",
      "Connection",
      "Keep-Alive",
      "Upgrade",
    ],
    ...["Transfer-Encoding", "Trailer", "Expect-CT", "Use-As-Dictionary", "clear-SITE-data"],
  ])("no node may say %s", (name) => {
    expect(through(USER, [name, "x"])).toEqual([]);
    expect(through(HUB, [name, "x"])).toEqual([]);
  });

  it("lets event streams switch a front's buffering off", () => {
    expect(through(USER, ["X-Accel-Buffering", "no"])).toEqual(["X-Accel-Buffering", "no"]);
  });

  it("removes what Connection names", () => {
    expect(through(USER, ["Connection", "close, x-hop", "X-Hop", "1"])).toEqual([]);
  });

  it("confines a user's cookies to their place, a hub's to its node", () => {
    expect(through(USER, ["Set-Cookie", "a=1; Path=/n/node1/"])).toEqual([
      "Set-Cookie",
      "a=1; Path=/n/node1/user/alice/",
    ]);
    expect(through(HUB, ["Set-Cookie", "a=1; Path=/n/node1/"])).toEqual([
      "Set-Cookie",
      "a=1; Path=/n/node1/",
    ]);
    expect(through(HUB, ["Set-Cookie", "a=1; Path=/"])).toEqual(["Set-Cookie", "a=1; Path=/n/node1/"]);
    expect(through(HUB, ["Set-Cookie", "a=1; Path=/n/node2/"])).toEqual([
      "Set-Cookie",
      "a=1; Path=/n/node1/",
    ]);
    expect(through("/n/node1/user/a%20b/", ["Set-Cookie", "a=1; Path=/n/node1/user/a%20b/x"])).toEqual([
      "Set-Cookie",
      "a=1; Path=/n/node1/user/a%20b/x",
    ]);
  });

  it("drops cookies of our names and adds our own", () => {
    const raw = ["Set-Cookie", "multijhub-session=evil; Path=/n/node1/user/alice/"];
    expect(through(USER, raw, ["multijhub-session=new; Path=/"])).toEqual([
      "Set-Cookie",
      "multijhub-session=new; Path=/",
    ]);
  });
});
