import type { IncomingMessage, RequestListener } from "node:http";
import { describe, expect, it } from "@jest/globals";
import { browserCookie, pathMatches, type BrowserCookie } from "../../support/browser-cookies.ts";
import { open, send } from "../../support/proxy-client.ts";
import { startProxy } from "../../support/proxy-fixture.ts";

/** Carol controls her server completely; this is what she tries with it. */
const CAROL = "/n/node1/user/carol/";
const AS_CAROL = { cookie: "multijhub-session=carol" };

async function setByCarol(cookies: readonly string[], path = CAROL): Promise<readonly BrowserCookie[]> {
  await using proxy = await startProxy((_req, res) => res.setHeader("Set-Cookie", cookies).end());
  const answer = await send(proxy, { path, headers: AS_CAROL });
  const kept = (answer.headers["set-cookie"] ?? []).map((text) =>
    browserCookie(text, { host: "lab.example.org", path }),
  );
  return kept.filter((cookie) => cookie !== undefined).filter((cookie) => cookie.value !== "renewed");
}

describe("carol's server answers what another site fetched without cookies", () => {
  const SVG = {
    "Content-Type": "image/svg+xml",
    "Cache-Control": "max-age=600",
    Expires: "Fri, 01 Jan 2100",
  };

  it("and no browser keeps it, to show it as a page of ours past the gate", async () => {
    await using proxy = await startProxy((_req, res) => res.writeHead(200, SVG).end("<svg/>"));
    const headers = {
      "sec-fetch-mode": "no-cors",
      "sec-fetch-site": "cross-site",
      "sec-purpose": "prefetch",
    };
    const answer = await send(proxy, { path: CAROL, headers });
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["expires"]).toBeUndefined();
  });

  it("and keeps for carol herself what she says is to be kept", async () => {
    await using proxy = await startProxy((_req, res) => res.writeHead(200, SVG).end("<svg/>"));
    const answer = await send(proxy, { path: CAROL, headers: AS_CAROL });
    expect(answer.headers["cache-control"]).toBe("max-age=600");
  });
});

describe("carol's server sets cookies", () => {
  it.each([
    ["a picture on another site", "cross-site", "no-cors", {}, []],
    ["a script on a sister site, of carol herself", "same-site", "cors", AS_CAROL, ["session"]],
    ["a websocket from another site", "cross-site", "websocket", {}, []],
    ["her own page", "same-origin", "cors", AS_CAROL, ["a", "session"]],
    ["her own page, her session over", "same-origin", "cors", {}, ["a"]],
    ["the address bar", "none", "navigate", AS_CAROL, ["a", "session"]],
    ["a link on another site", "cross-site", "navigate", AS_CAROL, ["a", "session"]],
  ])("pushing no others out of the browser: asked by %s", async (_, site, mode, who, expected) => {
    await using proxy = await startProxy((_req, res) => res.setHeader("Set-Cookie", "a=1").end());
    const headers = { ...who, "sec-fetch-site": site, "sec-fetch-mode": mode };
    const answer = await send(proxy, { path: CAROL, headers });
    const names = (answer.headers["set-cookie"] ?? []).map((text) => text.split("=")[0]);
    expect(names.map((name) => name?.replace("multijhub-", ""))).toEqual(expected);
  });

  it("none with the router's names, by no spelling of them", async () => {
    const tries = [
      "multijhub-session=alice; Path=/",
      "multijhub-session=alice; Path=/n/node1/user/carol/",
      "__Host-multijhub-session=alice; Path=/; Secure",
      "__host-MULTIJHUB-session=alice; Path=/; Secure",
      "__Secure-multijhub-nonce=x; Path=/n/node1/hub/router_login; Secure",
      "\tMultijhub-Bind =x; Path=/",
      "=multijhub-session=alice; Path=/",
      "__Host-anything=1; Path=/; Secure",
    ];
    expect(await setByCarol(tries)).toEqual([]);
  });

  it("none that another user, a hub or the router gets to see", async () => {
    const tries = [
      "a=1; Path=/",
      "b=1; Path=/n/node1/hub/",
      "c=1; Path=/n/node1/user/alice/",
      "d=1; Path=/n/node2/user/carol/",
      "e=1; Path=/n/node1/user/carol/; Path=/",
      "f=1; Domain=example.org; Path=/",
      "g=1",
      "jupyterhub-hub-login=stolen; Path=/n/node1/hub/",
    ];
    const cookies = [...(await setByCarol(tries)), ...(await setByCarol(tries, "/n/node1/user/carol"))];
    expect(cookies).toHaveLength(16);
    const others = [
      "/",
      "/api/v1/servers",
      "/n/node1/hub/login",
      "/n/node1/user/alice/lab",
      "/n/node2/user/carol/",
    ];
    for (const { path, isHostOnly } of cookies) {
      expect([isHostOnly, others.filter((other) => pathMatches(other, path))]).toEqual([true, []]);
    }
  });
});

describe("carol's server speaks for the origin", () => {
  it("in vain: what reaches beyond her answer is taken out of it", async () => {
    await using proxy = await startProxy((_req, res) => {
      res.setHeader("Service-Worker-Allowed", "/");
      res.setHeader("Clear-Site-Data", '"*"');
      res.setHeader("Strict-Transport-Security", "max-age=31536000");
      res.setHeader("Alt-Svc", 'h2="evil.example:443"');
      res.setHeader("X-Accel-Redirect", "/api/v1/admin");
      res.setHeader("Content-Type", "text/javascript");
      res.end("self.addEventListener('fetch', spy)");
    });
    const headers = { ...AS_CAROL, "service-worker": "script", "sec-fetch-dest": "serviceworker" };
    const answer = await send(proxy, { path: `${CAROL}files/sw.js`, headers });
    expect(Object.keys(answer.headers).sort()).toEqual(
      ["connection", "content-length", "content-type", "date", "keep-alive", "set-cookie"].sort(),
    );
  });

  it.each(["/n/node1/user/carol", "/n/node1/hub/sw.js", "/n/node1/sw.js", "/n/node1/user/"])(
    "gets no service worker registered from %s, whose directory is not hers alone",
    async (path) => {
      let isReached = false;
      await using proxy = await startProxy((_req, res) => {
        isReached = true;
        res.end();
      });
      const headers = { ...AS_CAROL, "service-worker": "script" };
      expect([(await send(proxy, { path, headers })).status, isReached]).toEqual([403, false]);
    },
  );
});

describe("carol's server looks at requests", () => {
  it("finds nothing that would let it call /api as the visitor", async () => {
    const seen: IncomingMessage[] = [];
    await using proxy = await startProxy(recorder(seen));
    const cookie =
      "a=1; multijhub-session=carol; multijhub-bind=B; multijhub-nonce=N; jupyterhub-user-carol=C";
    const headers = { cookie, "x-multijhub-token": "T", "x-multijhub": "1", "remote-user": "carol" };
    await send(proxy, { path: CAROL, headers });
    await send(proxy, { path: `${CAROL}hub/router_login`, headers });
    for (const { rawHeaders, headers: got } of seen) {
      expect(got.cookie).toBe("a=1; jupyterhub-user-carol=C");
      expect(got["x-multijhub"]).toBe("1");
      expect(JSON.stringify(rawHeaders)).not.toMatch(/multijhub-(session|bind|nonce|token)/i);
    }
    expect(seen).toHaveLength(2);
  });
});

describe("a hub", () => {
  it("sees the nonce where tickets are shown, and there only", async () => {
    const seen: IncomingMessage[] = [];
    await using proxy = await startProxy(recorder(seen));
    const headers = { cookie: "multijhub-session=alice; multijhub-nonce=N; _xsrf=1" };
    for (const path of ["router_login?router_token=t", "login", "router%5flogin", "router_login/"]) {
      await send(proxy, { path: `/n/node1/hub/${path}`, headers });
    }
    expect(seen.map(({ headers: { cookie } }) => cookie)).toEqual([
      "multijhub-nonce=N; _xsrf=1",
      "_xsrf=1",
      "_xsrf=1",
      "_xsrf=1",
    ]);
  });

  it("believes the router and nobody else about the client", async () => {
    const seen: IncomingMessage[] = [];
    await using proxy = await startProxy(recorder(seen));
    const forged = { "x-forwarded-for": "10.1.1.1", "x-real-ip": "10.1.1.1", forwarded: "for=10.1.1.1" };
    await send(proxy, {
      path: "/n/node1/hub/",
      headers: { ...forged, "x-forwarded-proto": "https", "x-scheme": "https" },
    });
    expect(seen[0]?.headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
    expect(seen[0]?.headers).not.toHaveProperty("x-scheme");
    expect(seen[0]?.headers).not.toHaveProperty("forwarded");
  });
});

function recorder(seen: IncomingMessage[]): RequestListener {
  return (req, res) => {
    seen.push(req);
    res.end();
  };
}

describe("carol's server answers nothing", () => {
  it("and holds up nobody else, however often she and signed-out visitors ask", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        if (req.url?.startsWith(CAROL) !== true) res.end("here");
      },
      { maxConnections: 8 },
    );
    const waiting = Array.from({ length: 40 }, (_, i) =>
      open(proxy, { path: CAROL, headers: i % 2 === 0 ? AS_CAROL : {} }).on("error", () => undefined),
    );
    for (const request of waiting) request.end();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(proxy)));
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 5 }, () => "here"));
    for (const request of waiting) request.destroy();
  });

  it("and her next request has its turn when she gave up the ones before", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        if (req.url?.endsWith("/slow") !== true) res.end("here");
      },
      { maxConnections: 8 },
    );
    const slow = { path: `${CAROL}slow`, headers: AS_CAROL };
    const waiting = Array.from({ length: 20 }, () => open(proxy, slow).on("error", () => undefined));
    for (const request of waiting) request.end();
    const next = send(proxy, { path: CAROL, headers: AS_CAROL });
    setTimeout(() => {
      for (const request of waiting) request.destroy();
    }, 200);
    expect((await next).text).toBe("here");
  });
});
