import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { hostProblem, toNodeHeaders } from "../../../../src/router/proxy/decide/request-headers.ts";

const options = { client: { address: "192.0.2.7", isTls: false }, withNonce: false };

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i) =>
    i % 2 === 0 ? [[name.toLowerCase(), flat[i + 1] ?? ""] as [string, string]] : [],
  );
}

function headersOf(raw: readonly string[], more = {}): Record<string, string> {
  return Object.fromEntries(pairs(toNodeHeaders(raw, { ...options, ...more })));
}

describe("toNodeHeaders", () => {
  it("keeps Host and what else goes end to end, repeated headers too", () => {
    const raw = ["Host", "lab:8000", "Accept", "*/*", "X-A", "1", "X-A", "2", "Authorization", "token t"];
    expect(toNodeHeaders(raw, options).slice(0, raw.length)).toEqual(raw);
  });

  it("sets the forwarded headers afresh", () => {
    const raw = [
      "Host",
      "lab:8000",
      "X-Forwarded-For",
      "10.0.0.1",
      "x-forwarded-host",
      "evil",
      "X-Scheme",
      "https",
    ];
    expect(headersOf(raw)).toEqual({
      host: "lab:8000",
      "x-forwarded-for": "192.0.2.7",
      "x-real-ip": "192.0.2.7",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "lab:8000",
      "x-forwarded-port": "8000",
      "x-multijhub": "1",
    });
  });

  it("says https twice under TLS: configurable-http-proxy spoils X-Forwarded-Proto", () => {
    const client = { address: "::1", isTls: true };
    const want = { "x-forwarded-proto": "https", "x-scheme": "https", "x-forwarded-port": "443" };
    expect(headersOf(["Host", "lab.example.org"], { client })).toMatchObject(want);
  });

  it.each([
    ...[
      "Forwarded",
      "X-Forwarded-Server",
      "X_Forwarded_For",
      "X-Real-IP",
      "X-Real_Ip",
      "X-Multijhub",
      "x-scheme",
    ],
    ...[
      "X-Multijhub-Token",
      "X_MULTIJHUB_TOKEN",
      "Connection",
      "Keep-Alive",
      "TE",
      "Trailer",
      "Upgrade",
      "Expect",
    ],
    ...[
      "Transfer-Encoding",
      "Proxy-Authorization",
      "Proxy-Connection",
      "Remote-User",
      "Remote_User",
      "True-Client-IP",
    ],
  ])("takes %s from nobody", (name) => {
    const stripped = new Set(["remote-user"]);
    expect(
      pairs(toNodeHeaders([name, "evil"], { ...options, stripped })).some(([, value]) => value === "evil"),
    ).toBe(false);
  });

  it("removes what Connection names, but not what a node's own checks need", () => {
    const raw = ["Connection", "close, X-Hop,Origin", "X-Hop", "1", "Origin", "http://evil", "Host", "h"];
    expect(headersOf(raw)).toMatchObject({ origin: "http://evil", host: "h" });
    expect(headersOf(raw)).not.toHaveProperty("x-hop");
  });

  it.each([
    ["a=1; multijhub-session=s; b=2", "a=1; b=2"],
    ["__Host-multijhub-session=s", undefined],
    ["multijhub-bind=1;multijhub-nonce=2;_xsrf=3", "_xsrf=3"],
    ["Multijhub-Session=s;  a=1", "a=1"],
    ["multijhub-session", undefined],
    ["=multijhub-session=s; a=1", "a=1"],
    ["a=multijhub-session", "a=multijhub-session"],
  ])("cookies %j become %j", (value, want) => {
    expect(headersOf(["Cookie", value])["cookie"]).toBe(want);
  });

  it("gives the nonce to the ticket page, and nothing else of ours", () => {
    const cookie = "multijhub-session=s; __Host-multijhub-nonce=n; multijhub-nonce=m";
    expect(headersOf(["Cookie", cookie], { withNonce: true })["cookie"]).toBe(
      "__Host-multijhub-nonce=n; multijhub-nonce=m",
    );
  });

  it("never lets a secret of ours through, in whatever company", () => {
    const space = fc.constantFrom("", " ", "\t", "=", " =");
    const name = fc.constantFrom(
      "a",
      "multijhub-session",
      "__Host-multijhub-session",
      "MULTIJHUB-bind",
      "__secure-multijhub-x",
    );
    const pair = fc.tuple(space, name, space).map(([before, own, after]) => {
      return `${before}${own}${after}=${own === "a" ? "1" : "SECRET"}`;
    });
    fc.assert(
      fc.property(fc.array(pair), (cookies) => {
        expect(toNodeHeaders(["Cookie", cookies.join(";")], options).join()).not.toContain("SECRET");
      }),
    );
  });
});

describe("hostProblem", () => {
  it.each([[["Host", "lab.example.org:8000"]], [["host", "[::1]:80"]]])("takes %j", (raw) => {
    expect(hostProblem(raw)).toBeUndefined();
  });

  it.each([
    [[]],
    [["Host", "a", "host", "b"]],
    [["Host", "a/b"]],
    [["Host", ""]],
    [["Host", "a b"]],
    [["Host", "a@b"]],
  ])("refuses %j", (raw) => {
    expect(hostProblem(raw)).toBeDefined();
  });
});
