import { describe, expect, it } from "@jest/globals";
import { judgeAll } from "../../../src/checks/decide/finding.ts";
import { ROUTER_CHECKS, type RouterSituation } from "../../../src/checks/decide/router-checks.ts";
import { judgeFailure } from "../../../src/checks/decide/unreachable.ts";
import { AppError } from "../../../src/errors.ts";
import { NOW_MS, ROUTER } from "../situations.ts";

const DAY_MS = 86_400_000;
const FOUND = { isDirectory: true, uid: 990, mode: 0o40700 };
const TLS = { certificate: "/c.pem", startsMs: NOW_MS - DAY_MS, expiresMs: NOW_MS + 90 * DAY_MS, fits: true };
const REFUSED = { ok: false as const, message: "it refused", remedy: "do this" };

function state(change: object): Partial<RouterSituation> {
  return { state: { ...ROUTER.state, ...change } };
}

function listen(outcome: string): Partial<RouterSituation> {
  return { listen: { place: "127.0.0.1:443", port: 443, outcome } };
}

function bad(change: Partial<RouterSituation>) {
  return judgeAll("router", ROUTER_CHECKS, { ...ROUTER, ...change }).filter(({ level }) => level !== "ok");
}

describe("the router", () => {
  it.each<[string, Partial<RouterSituation>]>([
    ["set up", {}],
    ["running", listen("ours")],
    ["with TLS", { tls: TLS }],
  ])("has nothing wrong when it is %s", (_, change) => {
    expect(bad(change)).toEqual([]);
  });

  it("is not told about a state directory that the first start will make", () => {
    const { path, freeBytes } = ROUTER.state;
    expect(bad({ state: { path, freeBytes, isWritable: true }, keys: undefined })).toEqual([]);
    expect(bad({ state: { path, freeBytes, isWritable: false } })[0]?.remedy).toMatch(/^install -d -m 700/);
  });

  it.each<[string, Partial<RouterSituation>, string, RegExp, RegExp]>([
    ["account", { uid: 0, ...state({ found: { ...FOUND, uid: 0 } }) }, "warning", /no root/, /useradd/],
    ["state directory", state({ found: { ...FOUND, uid: 7 } }), "wrong", /belongs to uid 7/, /chown -R 990/],
    ["state directory", state({ found: { ...FOUND, mode: 0o40755 } }), "wrong", /mode 755/, /chmod go=/],
    ["state directory", state({ found: { ...FOUND, isDirectory: false } }), "wrong", /not a dir/, /^rm /],
    ["state directory", state({ isWritable: false }), "wrong", /cannot be written/, /findmnt/],
    ["state directory", state({ freeBytes: 2 ** 20 }), "warning", /1 MiB/, /df -h/],
    ["keys", { keys: REFUSED }, "wrong", /it refused/, /do this/],
    [
      "hosts file",
      {
        hosts: { path: "/h", nodes: 0, problems: [{ line: 4, message: "no such key", remedy: "say port=" }] },
      },
      "wrong",
      /\/h, line 4: no such key/,
      /say port=/,
    ],
    ["SSH key", { sshKey: { path: "/k", problem: "ENOENT", mode: 0 } }, "wrong", /ENOENT/, /ssh-keygen/],
    ["SSH key", { sshKey: { path: "/k", mode: 0o100644 } }, "warning", /open to others/, /chmod go= \/k/],
    ["secrets", { secrets: [REFUSED] }, "wrong", /it refused/, /do this/],
    ["listen", listen("EADDRINUSE"), "wrong", /is taken/, /ss -ltnp/],
    ["listen", listen("EACCES"), "wrong", /may not listen/, /listen\.port/],
    ["listen", listen("EADDRNOTAVAIL"), "wrong", /not an address/, /listen\.host/],
    ["TLS", { tls: { problem: "no such file" } }, "wrong", /no such file/, /PEM/],
    ["TLS", { tls: { ...TLS, fits: false } }, "wrong", /not the key/, /belongs to/],
    ["TLS", { tls: { ...TLS, expiresMs: NOW_MS } }, "wrong", /has expired/, /renew/],
    ["TLS", { tls: { ...TLS, expiresMs: NOW_MS + DAY_MS } }, "warning", /expires on/, /renew/],
    ["TLS", { tls: { ...TLS, startsMs: NOW_MS + 1 } }, "wrong", /not valid yet/, /timedatectl/],
    ["cache", { cache: REFUSED }, "wrong", /it refused/, /do this/],
  ])("is told about its %s: %j", (check, change, level, message, remedy) => {
    expect(bad(change)).toEqual([
      {
        subject: "router",
        check,
        level,
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      },
    ]);
  });

  it("has root who checks another account's router do it as that account", () => {
    expect(bad({ uid: 0 })[0]).toMatchObject({ check: "account", remedy: "sudo -u '#990' multijhub check" });
  });
});

describe("a node that cannot be asked", () => {
  it.each<[AppError["code"], string, RegExp]>([
    ["NODE_UNREACHABLE", "getaddrinfo ENOTFOUND node1", /address=/],
    ["NODE_UNREACHABLE", "connect ECONNREFUSED 10.0.0.1:22", /--now sshd/],
    ["NODE_UNREACHABLE", "connect EHOSTUNREACH 10.0.0.1:22", /switch node1 on/],
    ["NODE_UNREACHABLE", "node1:22 did not answer within 10 s", /firewalls/],
    ["HOST_KEY_UNKNOWN", "not pinned", /^multijhub trust node1$/],
    ["HOST_KEY_CHANGED", "changed", /trust node1 --replace/],
    ["SSH_AUTH_REFUSED", "refused", /the error's own/],
    ["NODE_TIMEOUT", "it accepts connections, but did not let us in", /whether sshd is stopped/],
    ["AGENT_MISSING", "not installed", /^multijhub provision node1$/],
    ["AGENT_VERSION", "older", /^multijhub provision node1$/],
  ])("is told what mends just that: %s, %s", (code, message, remedy) => {
    const verdict = judgeFailure("node1", new AppError(code, message, { remedy: "the error's own" }));
    expect(verdict).toMatchObject({ level: "wrong", message });
    expect(verdict.remedy).toMatch(remedy);
  });
});
